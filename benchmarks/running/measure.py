"""Figures with their spread, as rows of one table."""

import statistics
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Literal

STARTED = time.monotonic()


@dataclass
class Row:
    """A line of the table: a value for each round.

    For ``×`` the values are the reference's seconds over ours (or our rate over
    its); ``seconds`` holds what they were made of.
    """

    what: str
    values: list[float]
    unit: Literal["×", "%", "s", "MB", "points", "ms"] = "×"
    reach: float | None = None
    better: Literal["more", "less"] = "more"
    seconds: dict[str, list[float]] = field(default_factory=dict)
    note: str = ""

    @property
    def value(self) -> float:
        """The median round."""
        return statistics.median(self.values)

    @property
    def reached(self) -> bool | None:
        """Whether the median is what it should be; ``None`` where nothing is asked."""
        if self.reach is None:
            return None
        return self.value >= self.reach if self.better == "more" else self.value <= self.reach

    def as_json(self) -> dict:
        """All of it."""
        return {**asdict(self), "value": self.value, "reached": self.reached}


def ratios(theirs: list[float], ours: list[float]) -> list[float]:
    """How many times as long theirs take, round by round."""
    return [a / b for a, b in zip(theirs, ours, strict=True)]


def progress(text: str) -> None:
    """Say what is being done, with the seconds since the start."""
    print(f"[{time.monotonic() - STARTED:6.0f} s] {text}", file=sys.stderr, flush=True)


def alternate(round_number: int, *works: object) -> list:
    """Run callables in this order in even rounds and in the other in odd ones; their results."""
    order = list(range(len(works)))
    results: list = [None] * len(works)
    for index in order if round_number % 2 == 0 else reversed(order):
        results[index] = works[index]()
    return results
