"""A transcript as people read it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from documents import Transcript


@dataclass(frozen=True)
class Turn:
    """What one speaker says in a row; times in seconds."""

    start: float
    speaker: str | None
    text: str


def clock(seconds: float) -> str:
    """Minutes, seconds and tenths, with hours where there are any: ``00:06.7``."""
    tenths = round(seconds * 10)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    prefix = f"{hours}:" if hours else ""
    return f"{prefix}{minutes:02}:{tenths / 10:04.1f}"


def turns(transcript: Transcript) -> Iterator[Turn]:
    """The runs of segments of one speaker; segments whose speaker is not known have one each."""
    numbered = enumerate(transcript.segments)
    for _, run in groupby(numbered, key=lambda item: item[1].speaker or item[0]):
        segments = [segment for _, segment in run]
        text = " ".join(" ".join(segment.text.split()) for segment in segments)
        yield Turn(segments[0].start, segments[0].speaker, text)


def speaker_lines(transcript: Transcript) -> list[str]:
    """A line for each turn: ``[00:06.7] SPEAKER_00: Hello?``."""
    return [
        f"[{clock(turn.start)}] {f'{turn.speaker}: ' if turn.speaker else ''}{turn.text}"
        for turn in turns(transcript)
    ]


def as_text(transcript: Transcript) -> str:
    """All of them, as a file."""
    return "".join(f"{line}\n" for line in speaker_lines(transcript))
