"""Who speaks in which stretch of time, by times that each speaker's turns add up to."""

from collections.abc import Sequence

import numpy as np

from documents import Segment, Turn
from pipeline.errors import InvalidRequest
from pipeline.options import MAX_SPEAKERS

NEVER = np.iinfo(np.int64).max


class SpeakingTimes:
    """The turns of a recording, asked for the speakers of its segments and words.

    A question costs as much as there are speakers, however many turns there are and
    however they overlap.  Times are in whole milliseconds, as turns and words have them.
    """

    def __init__(self, turns: Sequence[Turn]) -> None:
        """Raise :class:`InvalidRequest` if there are more speakers than are ever told apart."""
        ordered = sorted(turns, key=lambda turn: turn.start)
        self._names = list(dict.fromkeys(turn.speaker for turn in ordered))
        if len(self._names) > MAX_SPEAKERS:
            raise InvalidRequest(
                f"TURNS: {len(self._names)} speakers; there are at most {MAX_SPEAKERS}"
            )
        spans = _milliseconds([(turn.start, turn.end) for turn in ordered])
        self._longest = int((spans[:, 1] - spans[:, 0]).max(initial=0))
        speakers = np.array([self._names.index(turn.speaker) for turn in ordered], np.int64)
        self._voices = [
            _Voice(spans[places], places)
            for places in (np.flatnonzero(speakers == each) for each in range(len(self._names)))
        ]

    def speakers(self, segments: Sequence[Segment]) -> list[str | None]:
        """The speaker of each segment, each time followed by those of its words.

        Who speaks longest in it; where several do, who does in the whole segment, then who was
        heard first in as long a time before as the longest turn lasts.  Where nobody speaks,
        who does so next to its middle.
        """
        spoken = [each for segment in segments for each in (segment, *segment.words)]
        if not self._names:
            return [None] * len(spoken)
        start, end = _milliseconds([(each.start, each.end) for each in spoken]).T
        sizes = [1 + len(segment.words) for segment in segments]
        whole = np.repeat(np.cumsum(sizes) - sizes, sizes)
        shares = np.stack([voice.share(start, end) for voice in self._voices], axis=1)
        most = _only_largest(shares, True)
        most = _only_largest(shares[whole], most)
        first = np.stack([voice.first(start - self._longest) for voice in self._voices], axis=1)
        chosen = np.where(most, first, NEVER).argmin(axis=1)
        alone = np.flatnonzero(~shares.any(axis=1))
        chosen[alone] = self._nearest((start[alone] + end[alone]) / 2)
        return [self._names[each] for each in chosen]

    def _nearest(self, time: np.ndarray) -> np.ndarray:
        distances, places = np.stack([voice.nearest(time) for voice in self._voices], axis=2)
        return np.where(_only_largest(-distances, True), places, np.inf).argmin(axis=1)


class _Voice:
    """One speaker's turns."""

    def __init__(self, spans: np.ndarray, places: np.ndarray) -> None:
        """Args:
        spans: INT64 [n, 2], their starts and ends, in order of the starts.
        places: INT64 [n], which of all speakers' turns they are.
        """
        self._starts, self._places = spans[:, 0], places
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

    def first(self, time: np.ndarray) -> np.ndarray:
        """Which turn is the first that does not begin before a time, INT64 [n], or NEVER."""
        after = np.searchsorted(self._starts, time)
        return np.append(self._places, NEVER)[after]

    def nearest(self, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How far from a time the nearest turn is, and which one it is, FP64 [n] each."""
        after = np.searchsorted(self._starts, time, side="right")
        since = np.maximum(time - np.append(self._last_ends, -np.inf)[after - 1], 0)
        until = np.append(self._starts, np.inf)[after] - time
        places = np.append(self._places, np.inf)
        return np.minimum(since, until), np.where(since <= until, places[after - 1], places[after])


def _only_largest(values: np.ndarray, among: np.ndarray | bool) -> np.ndarray:
    """Where in each row the largest of the values is that are among these, BOOL [n, k]."""
    values = np.where(among, values, values.min(initial=0) - 1)
    return values == values.max(axis=1, keepdims=True)


def _milliseconds(spans: list[tuple[float, float]]) -> np.ndarray:
    """Seconds to INT64 [n, 2]."""
    return np.rint(np.array(spans, np.float64).reshape(-1, 2) * 1000).astype(np.int64)
