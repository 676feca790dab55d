"""One upload, and what the service may answer."""

from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """What is a right answer to an upload."""

    SPEECH = "a transcript with the words of the clip"
    SOUND = "a transcript; the sound in it is no speech, or cut short"
    REFUSED = "4xx that names audio_file and says what would be right"
    EITHER = "one of the above: what is left of the file decides"


@dataclass(frozen=True)
class Case:
    """A file as a client would send it."""

    name: str
    content: bytes
    outcome: Outcome
    filename: str = "recording.wav"
    content_type: str = "application/octet-stream"
