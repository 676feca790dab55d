"""Where somebody speaks and no word accounts for it.

Cross-attention gives each word the time until the next one, so what is left out is seldom a hole
between two words: more often a word seems to last for seconds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from documents import Word

# A word lasts no longer than this and its letters; chosen, like the least gap, with
# benchmarks/speakers.
WORD_SECONDS = 0.35
LETTER_SECONDS = 0.06
LEAST = 0.6  # seconds of speech without words that are a gap

Speech = Sequence[tuple[float, float]]  # starts and ends of stretches, in order


@dataclass(frozen=True)
class Gap:
    """Speech without words, and the words around which it is; seconds as the words have them."""

    start: float
    end: float
    first: int  # of the words that seem to last for too long: words[first:last], perhaps none
    last: int


def gaps(words: Sequence[Word], speech: Speech) -> Iterator[Gap]:
    """The gaps between words, each as long as possible, in order.

    Args:
        words: in order.
        speech: when somebody speaks, on the clock of the words.
    """
    if not speech:
        return
    credible = [number for number, word in enumerate(words) if _seconds(word) <= longest(word)]
    for before, after in pairwise([-1, *credible, len(words)]):
        since = words[before].end if before >= 0 else speech[0][0]
        until = words[after].start if after < len(words) else speech[-1][1]
        spoken = [(max(a, since), min(b, until)) for a, b in speech if a < until and b > since]
        stretched = words[before + 1 : after]
        unheard = sum(b - a for a, b in spoken) - sum(map(longest, stretched))
        if unheard >= LEAST:
            start = min([spoken[0][0], *(word.start for word in stretched)])
            end = max([spoken[-1][1], *(word.end for word in stretched)])
            yield Gap(start, end, before + 1, after)


def _seconds(word: Word) -> float:
    return word.end - word.start


def longest(word: Word) -> float:
    """Seconds that it can take to say it."""
    return WORD_SECONDS + LETTER_SECONDS * sum(map(str.isalnum, word.word))
