"""Batches that have failed in a row, by no fault of those who sent their pieces."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from pipeline.errors import OutOfMemory, PipelineError

Tell = Callable[[float], None]

# After so many, in so long, another process is tried.
MOST_IN_A_ROW, MOST_SECONDS = 5, 20.0


class Streak:
    """That of one process: how many batches, and how long it has gone on.

    A card that is half dead fails in ways of its own each time: what they have in common is
    that nothing succeeds in between.
    """

    def __init__(
        self, tell_batches: Tell, tell_seconds: Tell, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Args:
        tell_batches: hears how many there are.
        tell_seconds: hears how long ago the first one was when the last one failed.
        clock: in seconds.
        """
        self._tell_batches, self._tell_seconds, self._clock = tell_batches, tell_seconds, clock
        self._batches = 0
        self._since = 0.0

    def batch(self, answers: Sequence[object]) -> bool:
        """A batch is through; whether nothing is to be hoped for from those that come.

        Args:
            answers: to each of its pieces.
        """
        if answers and all(map(_is_own_fault, answers)):
            now = self._clock()
            if not self._batches:
                self._since = now
            self._batches += 1
            self._tell_batches(float(self._batches))
            self._tell_seconds(now - self._since)
            return self._batches >= MOST_IN_A_ROW and now - self._since >= MOST_SECONDS
        if self._batches and any(not isinstance(answer, Exception) for answer in answers):
            self._batches = 0
            self._tell_batches(0.0)
            self._tell_seconds(0.0)
        return False


def _is_own_fault(answer: object) -> bool:
    if isinstance(answer, PipelineError):
        return isinstance(answer, OutOfMemory) or type(answer) is PipelineError
    return isinstance(answer, Exception)
