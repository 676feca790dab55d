"""What a check has found: a line each, and whether the machine passes."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

State = Literal["passed", "failed", "left out"]
MARKS = {"passed": "✓", "failed": "✗", "left out": "–"}


@dataclass(frozen=True)
class Line:
    """One thing that was looked at."""

    name: str
    state: State
    told: str  # what was found
    mend: str | None = None  # what to do, where it failed
    figures: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        """As people read it."""
        mend = f"\n    {self.mend}" if self.mend else ""
        return f"{MARKS[self.state]} {self.name}: {self.told}{mend}"


def passed(name: str, told: str, **figures: object) -> Line:
    """What is as it should be."""
    return Line(name, "passed", told, figures=figures)


def failed(name: str, told: str, mend: str, **figures: object) -> Line:
    """What is not, and what to do."""
    return Line(name, "failed", told, mend, figures)


def left_out(name: str, why: str) -> Line:
    """What could not be looked at here."""
    return Line(name, "left out", why)


class Report:
    """Lines, told as they come."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self.lines: list[Line] = []

    def add(self, lines: Iterator[Line]) -> None:
        """Look at the next things."""
        for line in lines:
            self.lines.append(line)
            if not self._as_json:
                print(line, flush=True)

    @property
    def passes(self) -> bool:
        """Whether nothing has failed."""
        return all(line.state != "failed" for line in self.lines)

    def end(self, seconds: float) -> int:
        """Tell the verdict; the exit status."""
        if self._as_json:
            print(to_json(self.lines, seconds))
        else:
            print(_verdict(self.lines, seconds))
        return 0 if self.passes else 1


def to_json(lines: Sequence[Line], seconds: float) -> str:
    """All of it as a document."""
    passes = all(line.state != "failed" for line in lines)
    document = {
        "passed": passes,
        "seconds": round(seconds, 1),
        "checks": [asdict(line) for line in lines],
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


def _verdict(lines: Sequence[Line], seconds: float) -> str:
    faults = [line.name for line in lines if line.state == "failed"]
    skipped = [line.name for line in lines if line.state == "left out"]
    verdict = f"does not pass: {', '.join(faults)}" if faults else "everything that ran passes"
    without = f"; left out: {', '.join(skipped)}" if skipped else ""
    return f"{verdict}{without} ({seconds:.0f} s)"
