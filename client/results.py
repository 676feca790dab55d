"""What the clients give: the service's answers with types.  Transcripts are ``documents``'."""

from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

from documents import Segment, Transcript, Word

Status = Literal["queued", "processing", "completed", "error", "deleted"]
ENDED = ("completed", "error", "deleted")


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


Moment = Annotated[datetime, AfterValidator(_utc)]  # the service writes UTC without saying so


class Result(BaseModel):
    """An answer; what a newer service adds is left aside."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Progress(Result):
    """How far a request or a job is; seconds are of the recording.

    Attributes:
        stage: queued, upload, wait, decode, voices, transcription, diarization or alignment; empty
            at the end.
        seconds_done: of ``seconds``, where the stage that is furthest behind has got to.
        jobs_before: of a queued job, how many have their turn before it.
        estimated_end: as if the rest went as fast as what is done.
    """

    stage: str = ""
    seconds_done: float = 0.0
    seconds: float | None = None
    jobs_before: int | None = None
    estimated_end: Moment | None = None
    status: Status | None = None
    error: str | None = None


class Job(Result):
    """A recording that was left with the service.

    Attributes:
        audio_seconds: its length, once it has been transcribed.
        error: why it has no transcript, if it ended so.
    """

    id: str
    status: Status
    created: Moment | None = None
    completed: Moment | None = None
    audio_seconds: float | None = None
    error: str | None = None
    progress: Progress | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more is to come."""
        return self.status in ENDED


class Model(Result):
    """A Whisper that a request may name; the first of a list is the default."""

    id: str
    owned_by: str = ""


class Health(BaseModel):
    """What the service says of itself, everything that it adds included."""

    model_config = ConfigDict(extra="allow", frozen=True)

    status: str
    detail: str | None = None
    version: str | None = None
    default_model: str | None = None
    device: str | None = None
    loaded_models: tuple[str, ...] = ()


class Identity(Result):
    """What answers at the address; of another service than this one, what it says of itself."""

    service: str = "another service"
    version: str | None = None


class TextDelta(Result):
    """More of a text that is being heard: all of them together are the text."""

    text: str


class TextDone(Result):
    """The end of a text that was being heard: the whole of it."""

    text: str


TextEvent = TextDelta | TextDone


def read_transcript(answer: dict[str, Any]) -> Transcript:
    """The transcript in the JSON of ``/asr``, of this service or of one like it.

    What another service adds is left aside, what it does not say is empty.
    """
    segments = [
        Segment(**{**_known(segment, Segment), "words": _words(segment)})
        for segment in _dicts(answer.get("segments"))
    ]
    known = _known(answer, Transcript)
    defaults = {
        "model": "",
        "language_probability": 0.0,
        "duration": max((segment.end for segment in segments), default=0.0),
    }
    return Transcript(**{**defaults, **known, "segments": segments})


def _words(segment: dict[str, Any]) -> list[Word]:
    # WhisperX leaves out the times of words that it could not align.
    words = (_known(word, Word) for word in _dicts(segment.get("words")))
    return [Word(**word) for word in words if {"start", "end", "score"} <= word.keys()]


def _dicts(values: object) -> Iterable[dict[str, Any]]:
    listed = values if isinstance(values, list) else []
    return [value for value in listed if isinstance(value, dict)]


def _known(values: dict[str, Any], kind: type[BaseModel]) -> dict[str, Any]:
    return {
        name: value
        for name, value in values.items()
        if name in kind.model_fields and value is not None
    }
