"""Where somebody has a turn and no word in it.

Whisper leaves out most where one speaker follows another, and there the shortest parts of turns
are worth a question.  Amid what one person says a pause is longer than that.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from documents import Turn, Word
from pipeline.transcription.gaps.filling import CONTEXT
from pipeline.transcription.gaps.finding import longest

# Seconds without a word; all of these were chosen with benchmarks/speakers.
LEAST = 1.2
# The same near a change of speaker: at the start of a turn, and later.
NEAR_CHANGE = (0.4, 0.5)
# And where somebody else speaks as well, of whom Whisper hears more.
AT_ONCE = (0.6, 0.8)
NEAR = 1.0  # seconds from a change
OVERLAP = 0.1  # seconds in which two speak at once
# So long Whisper leaves nobody out, and there is room around it in a chunk.
LONGEST = 20.0
AROUND = 2.0  # seconds of the same turn, before and after, that are heard with it


@dataclass(frozen=True)
class Unheard:
    """A part of a turn, seconds, in which its speaker has no words."""

    turn: Turn
    start: float
    end: float
    before: float = AROUND  # seconds of the turn that are heard before it

    @property
    def heard_from(self) -> float:
        """Where the piece begins that is asked about, seconds."""
        return max(0.0, max(self.turn.start, self.start - self.before) - CONTEXT)

    @property
    def heard_until(self) -> float:
        """And where it ends."""
        return min(self.turn.end, self.end + AROUND) + CONTEXT

    @property
    def seconds_heard(self) -> float:
        """How long that piece is."""
        return self.heard_until - self.heard_from

    @property
    def is_amid(self) -> bool:
        """Whether there is something of the turn on both sides of it."""
        return self.turn.start < self.start and self.end < self.turn.end


def unheard(words: Iterable[Word], turns: Sequence[Turn]) -> Iterator[Unheard]:
    """The parts of turns without words of their speakers, in the order of the turns.

    Args:
        words: with speakers.  None counts for longer than it can have taken.
        turns: of everybody.
    """
    by_speaker: dict[str | None, list[Word]] = defaultdict(list)
    for word in sorted(words, key=lambda word: word.start):
        by_speaker[word.speaker].append(word)
    everybody = _AllTurns(turns)
    for turn in turns:
        own = by_speaker[turn.speaker]
        first = max(0, bisect_left(own, turn.start, key=lambda word: word.start) - 1)
        last = bisect_left(own, turn.end, key=lambda word: word.start)
        since = turn.start
        for word in own[first:last]:
            if everybody.lacks_words(turn, since, word.start):
                yield Unheard(turn, since, word.start)
            since = max(since, min(word.end, word.start + longest(word)))
        if everybody.lacks_words(turn, since, turn.end):
            yield Unheard(turn, since, turn.end)


class _AllTurns:
    """All turns: where somebody else begins, and who speaks at once."""

    def __init__(self, turns: Iterable[Turn]) -> None:
        ordered = sorted(turns, key=lambda turn: turn.start)
        self._starts = np.array([turn.start for turn in ordered])
        self._ends = np.array([turn.end for turn in ordered])
        self._speakers = np.array([turn.speaker for turn in ordered])
        self._latest = np.maximum.accumulate(self._ends)  # until when these have all ended
        self._changes = self._starts[1:][self._speakers[1:] != self._speakers[:-1]]

    def lacks_words(self, turn: Turn, start: float, end: float) -> bool:
        """Whether so long a part of a turn is one in which something was said."""
        if not NEAR_CHANGE[0] <= end - start <= LONGEST:
            return False
        first, last = np.searchsorted(self._changes, (start - NEAR, end + NEAR))
        if first == last:
            return end - start >= LEAST
        first, last = np.searchsorted(self._latest, start), np.searchsorted(self._starts, end)
        together = np.minimum(self._ends[first:last], end)
        together -= np.maximum(self._starts[first:last], start)
        others = (together > OVERLAP) & (self._speakers[first:last] != turn.speaker)
        at_start, later = AT_ONCE if others.any() else NEAR_CHANGE
        is_start = start == turn.start and end < turn.end
        return end - start >= (at_start if is_start else later)
