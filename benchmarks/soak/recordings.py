"""What the clients of a soak send: speech of several lengths, each in several formats."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from adapter.intake.decoding import find_ffmpeg
from benchmarks.audio.recordings import part, phone_call, sample

FORMATS = {
    "wav": [],
    "flac": [],
    "mp3": ["-b:a", "64k"],
    "ogg": ["-c:a", "libvorbis"],
    "opus": ["-c:a", "libopus"],
    "m4a": ["-c:a", "aac"],
}
# Seconds, and how often a client picks it: most recordings are notes, a few are meetings.
LENGTHS = {12: 12, 30: 6, 120: 2, 600: 1}


@dataclass(frozen=True)
class Sent:
    """A recording as a client sends it."""

    seconds: int
    name: str
    content: bytes


def make(folder: Path, longest: int) -> list[Sent]:
    """Every length up to the longest in every format; ten minutes in the compressed ones only."""
    ffmpeg = find_ffmpeg(None)
    made = []
    for seconds in [length for length in LENGTHS if length <= longest]:
        path = (
            part(folder, sample(), 6.0, seconds).path
            if seconds < 30
            else phone_call(folder, seconds).path
        )
        for suffix, how in FORMATS.items():
            if seconds >= 600 and suffix in ("wav", "flac"):
                continue
            target = folder / f"{seconds}.{suffix}"
            command = [ffmpeg, "-nostdin", "-v", "error", "-y", "-i", path, *how, target]
            subprocess.run(command, check=True)
            made.append(Sent(seconds, target.name, target.read_bytes()))
    return made
