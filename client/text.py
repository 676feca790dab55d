"""A transcript as people read it."""

from itertools import groupby

from documents import Transcript


def clock(seconds: float) -> str:
    """Minutes, seconds and tenths, with hours where there are any: ``00:06.7``."""
    tenths = round(seconds * 10)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    prefix = f"{hours}:" if hours else ""
    return f"{prefix}{minutes:02}:{tenths / 10:04.1f}"


def speaker_lines(transcript: Transcript) -> list[str]:
    """A line for each run of segments of one speaker: ``[00:06.7] SPEAKER_00: Hello?``.

    Segments whose speaker is not known have a line each.
    """
    lines = []
    numbered = enumerate(transcript.segments)
    for _, run in groupby(numbered, key=lambda item: item[1].speaker or item[0]):
        segments = [segment for _, segment in run]
        label = f"{segments[0].speaker}: " if segments[0].speaker else ""
        text = " ".join(segment.text.strip() for segment in segments)
        lines.append(f"[{clock(segments[0].start)}] {label}{text}")
    return lines
