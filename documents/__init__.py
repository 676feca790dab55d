"""The JSON documents that travel between the models and to the client.

Times are seconds from the start of the recording.  One schema serves the
graph, the adapter and the clients, and knows none of them.
"""

from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict

DocumentType = TypeVar("DocumentType", bound="Document")


class Document(BaseModel):
    """Base of the documents: unknown keys are a bug of the sender."""

    model_config = ConfigDict(extra="forbid")

    def encode(self) -> bytes:
        """The document as UTF-8 JSON, without keys whose value is unknown."""
        return self.model_dump_json(exclude_none=True).encode()

    @classmethod
    def decode(cls: type[DocumentType], content: bytes) -> DocumentType:
        """The document that this is.

        Raises:
            StepFailed: it says what failed instead.
            pydantic.ValidationError: it is something else.
        """
        if content.startswith(FAILURE):
            raise StepFailed(Failure.model_validate_json(content))
        return cls.model_validate_json(content)


class Failure(Document):
    """In the place of any other document: a step of the graph could not make it."""

    failure: str  # its kind and what it says: "InvalidRequest: language: …"
    status: str  # gRPC's name for such a failure


FAILURE = b'{"failure":'  # no other document begins like this


class StepFailed(Exception):  # noqa: N818 - what happened
    """A document was to be read that says what failed."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.failure)
        self.failure = failure


class Word(Document):
    """A word of the text with its punctuation."""

    word: str
    start: float
    end: float
    score: float  # probability in [0, 1]
    speaker: str | None = None
    tokens: list[int] = []  # Whisper's, of this word; together they are the segment's
    logprobs: list[float] = []  # natural logarithm of each token's probability


class Segment(Document):
    """A stretch of text: a chunk's after ``transcription``, about a sentence afterwards.

    ``None`` is what is not known, never a number that stands for it.
    """

    start: float
    end: float
    text: str
    words: list[Word] = []
    speaker: str | None = None
    # Whisper's, of exactly this text: they decode to it.
    tokens: list[int] = []
    # At which Whisper decoded the chunk that this is a part of; 0 unless it had to try again.
    temperature: float | None = None
    # Mean of the tokens' log probabilities.  Of a whole chunk it is the decoder's, over the
    # end of the text as well, as OpenAI counts; of a part of it, that of its own tokens.
    avg_logprob: float | None = None
    # Bytes of this text over those that zlib makes of it: above 2.4 it repeats itself.
    compression_ratio: float | None = None
    # That nobody speaks in the chunk that this is a part of.
    no_speech_prob: float | None = None


class Transcript(Document):
    """SEGMENTS, WORDS and TRANSCRIPT: what was said, ever more finely timed and attributed."""

    model: str  # the Whisper that wrote it
    language: str | None = None  # Whisper's code; None if nobody speaks and none was asked for
    language_probability: float
    task: Literal["transcribe", "translate"] = "transcribe"
    duration: float
    diarization_model: str | None = None  # the networks that told the speakers apart
    segments: list[Segment] = []
    speaker_embeddings: dict[str, list[float]] | None = None
    speech_seconds: float | None = None  # of the recording, that Whisper was given to hear
    seconds: dict[str, float] = {}  # by the clock, of each step that this came through

    @property
    def text_language(self) -> str | None:
        """The language in which it is written: a translation is English."""
        return "en" if self.task == "translate" else self.language


class Turn(Document):
    """A stretch of time in which one speaker speaks; turns of two speakers may overlap."""

    start: float
    end: float
    speaker: str


class Turns(Document):
    """TURNS: who spoke when, in order of their starts."""

    model: str | None = None  # the networks that found them; None where nobody looked
    turns: list[Turn] = []
    speaker_embeddings: dict[str, list[float]] = {}
    seconds: dict[str, float] = {}  # by the clock, of ``diarization``
    names: dict[str, str] = {}  # of the speakers whose voices were known
