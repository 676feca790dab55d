"""What the log says of one request."""

import json
import re
from pathlib import Path

from tests.waiting import until

STAGES = (
    *("upload", "wait", "decode", "voices"),
    *("transcription", "alignment", "diarization", "attribution", "answer"),
)
FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')


def lines_of(log: Path, number: str) -> list[str]:
    """The lines of a log that are about one request."""
    text = log.read_text(encoding="utf-8", errors="replace")
    return [line for line in text.splitlines() if f"[{number}]" in line]


def told(log: Path, number: str) -> dict[str, str]:
    """The fields of the adapter's line about a request, once it is there."""
    until(lambda: any(" request " in line for line in lines_of(log, number)))
    (line,) = (line for line in lines_of(log, number) if " request " in line)
    return {name: json.loads(v) if v[:1] == '"' else v for name, v in FIELD.findall(line)}


def stages(line: dict[str, str]) -> dict[str, float]:
    """The seconds of its stages."""
    return {name: float(line[name]) for name in STAGES if name in line}


def explained(line: dict[str, str]) -> float:
    """The seconds that its stages account for: diarization runs beside two others."""
    seconds = stages(line)
    heard = seconds.pop("transcription", 0.0) + seconds.pop("alignment", 0.0)
    return max(heard, seconds.pop("diarization", 0.0)) + sum(seconds.values())
