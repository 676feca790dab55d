"""Who speaks in which stretch of time, by times that each speaker's turns add up to."""

from collections.abc import Sequence

import numpy as np

from documents import Segment, Turn, Word
from pipeline.errors import InvalidRequest
from pipeline.options import MAX_SPEAKERS

FAR = 1_000  # milliseconds; who speaks that far from a word is as likely to say it as anybody


class SpeakingTimes:
    """The turns of a recording, asked for the speakers of its segments and words.

    A question costs as much as there are speakers, however many turns there are and
    however they overlap.  Times are in whole milliseconds, as turns and words have them.
    """

    def __init__(self, turns: Sequence[Turn]) -> None:
        """Raise :class:`InvalidRequest` if there are more speakers than are ever told apart."""
        ordered = sorted(turns, key=lambda turn: turn.start)
        self.names = list(dict.fromkeys(turn.speaker for turn in ordered))
        if len(self.names) > MAX_SPEAKERS:
            raise InvalidRequest(
                f"TURNS: {len(self.names)} speakers; there are at most {MAX_SPEAKERS}"
            )
        spans = _milliseconds([(turn.start, turn.end) for turn in ordered])
        speakers = np.array([self.names.index(turn.speaker) for turn in ordered], np.int64)
        self._voices = [_Voice(spans[speakers == each]) for each in range(len(self.names))]

    def evidence(self, spoken: Sequence[Segment | Word]) -> np.ndarray:
        """How long each speaker speaks in each of these, milliseconds, FP64 [n, speakers].

        Where nobody does, what counts is how far from it each speaker's nearest turn is: half
        of that, below zero.
        """
        if not self.names or not spoken:
            return np.zeros((len(spoken), len(self.names)))
        start, end = _milliseconds([(each.start, each.end) for each in spoken]).T
        shares = np.stack([voice.share(start, end) for voice in self._voices], axis=1)
        away = np.stack([voice.distance(start, end) for voice in self._voices], axis=1)
        nobody = ~shares.any(axis=1, keepdims=True)
        return np.where(nobody, -np.minimum(away, FAR) / 2, shares)


class _Voice:
    """One speaker's turns."""

    def __init__(self, spans: np.ndarray) -> None:
        """Args:
        spans: INT64 [n, 2], their starts and ends, in order of the starts.
        """
        self._starts = spans[:, 0]
        self._ends = np.sort(spans[:, 1])
        self._last_ends = np.maximum.accumulate(spans[:, 1])
        self._starts_before, self._ends_before = (
            np.concatenate([[0], times.cumsum()]) for times in (self._starts, self._ends)
        )

    def share(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """How long the speaker speaks between two times, INT64 [n] as both of them."""
        return np.maximum(self._until(end) - self._until(start), 0)

    def _until(self, time: np.ndarray) -> np.ndarray:
        begun = np.searchsorted(self._starts, time)
        over = np.searchsorted(self._ends, time)
        lasted_until_now = begun * time - self._starts_before[begun]
        return lasted_until_now - (over * time - self._ends_before[over])

    def distance(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """How far from the time between these the nearest turn is, FP64 [n]; 0 inside one."""
        begun = np.searchsorted(self._starts, end, side="right")
        since = start - np.append(self._last_ends, -np.inf)[begun - 1]
        until = np.append(self._starts, np.inf)[begun] - end
        return np.maximum(np.minimum(since, until), 0)


def _milliseconds(spans: list[tuple[float, float]]) -> np.ndarray:
    """Seconds to INT64 [n, 2]."""
    return np.rint(np.array(spans, np.float64).reshape(-1, 2) * 1000).astype(np.int64)
