"""How many pieces of a batch fit into memory, as far as has been found out."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

# Who took the memory may be another network, or another process, and gone by then.
FIRST_SECONDS, LONGEST_SECONDS = 120.0, 3600.0

Clock = Callable[[], float]
Tell = Callable[[str, int], None]  # a network's name and its limit, 0 for none

logger = logging.getLogger(__name__)


def _tell_nobody(network: str, pieces: int) -> None:
    pass


@dataclass
class _Limit:
    pieces: float = math.inf
    whole: int = 0  # pieces of the largest batch that did not fit
    pause: float = FIRST_SECONDS  # until more are tried
    since: float = 0.0
    on_trial: bool = False  # more were tried, and nothing is known of them yet


class MemoryLimits:
    """A limit for each network that has been out of memory.

    After a while twice as many pieces are tried, and after the same while again.  Where these do
    not fit, the while is twice as long the next time.
    """

    def __init__(self, tell: Tell = _tell_nobody, clock: Clock = time.monotonic) -> None:
        """Args:
        tell: hears of each change.
        clock: in seconds.
        """
        self._tell, self._clock = tell, clock
        self._limits: dict[str, _Limit] = {}
        self._lock = threading.Lock()

    def of(self, network: str, pieces: int) -> int:
        """How many of so many pieces are to be computed at once: one at least."""
        with self._lock:
            limit = self._limits.get(network)
            if limit is None or pieces <= limit.pieces:
                return max(pieces, 1)
            if self._clock() - limit.since >= limit.pause:
                self._raise(network, limit)
            return int(min(pieces, limit.pieces))

    def lower(self, network: str, pieces: int) -> None:
        """So many pieces did not fit."""
        with self._lock:
            limit = self._limits.setdefault(network, _Limit())
            half = max(pieces // 2, 1)
            if limit.pieces <= half:
                return  # what was found out meanwhile is stricter
            soon = self._clock() - limit.since < limit.pause
            if limit.on_trial and soon:
                limit.pause = min(2 * limit.pause, LONGEST_SECONDS)
            elif math.isinf(limit.pieces):
                limit.pause = FIRST_SECONDS
            limit.pieces, limit.whole = half, max(limit.whole, pieces)
            limit.since, limit.on_trial = self._clock(), False
            self._tell(network, half)
            logger.warning(
                "%s: no memory for %d pieces at once; %d of them from now on, more in %.0f s",
                *(network, pieces, half, limit.pause),
            )

    def _raise(self, network: str, limit: _Limit) -> None:
        limit.pieces *= 2
        limit.since, limit.on_trial = self._clock(), True
        if limit.pieces >= limit.whole:
            limit.pieces, limit.whole = math.inf, 0
            self._tell(network, 0)
            logger.warning("%s: whole batches are tried again", network)
        else:
            self._tell(network, int(limit.pieces))
            logger.warning("%s: %d pieces at once are tried again", network, limit.pieces)
