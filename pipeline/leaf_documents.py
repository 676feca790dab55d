"""The documents that only leaves and steps exchange; nobody outside the graph sees them."""

from pydantic import Field

from documents import Document, Word


class ChunkTranscript(Document):
    """CHUNK_TRANSCRIPT: what ``whisper`` says of one chunk; times from the chunk's start."""

    language: str
    # The likeliest few, unless one was asked for.
    language_probabilities: dict[str, float] = Field({})
    text: str
    tokens: list[int] = Field([])
    words: list[Word] = Field([])
    temperature: float = 0.0
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float


class LabelSet(Document):
    """LABELS: the column of each lower-case character in an EMISSION."""

    columns: dict[str, int]
