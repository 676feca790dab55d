"""Words that are lost, above all where one speaker follows another.

What was said is what the same Whisper hears in each clip alone, before they are mixed.  Of a word
that is cut out of a sentence that may be anything: certain is what it hears in the recording that
the clip is cut from, too.
"""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import linear_sum_assignment

from benchmarks.speakers.listening import Heard
from benchmarks.speakers.scoring import SAME_WORD, middle, spoken
from documents import Turn, Word

NEAR_CHANGE = 1.0  # seconds
INSTEAD = 0.5  # seconds between a word and the one that was understood instead of it, at most
ONE_WORD = 1.0  # seconds; what lasts longer does not stand for all that was said meanwhile
EDGE = 0.1  # seconds that a word may lie outside of the one that stands for it
HEAD = (
    "| fold | who | of | said near a change | understood | misheard | lost | lost, one for one "
    "| said anywhere | misheard | lost | added |\n" + "| --- " * 12 + "|"
)
Words = Callable[[Heard], Sequence[Word]]


@dataclass(frozen=True)
class Counts:
    """What became of words."""

    said: int = 0
    misheard: int = 0  # another word stands where it was said
    lost: int = 0  # nothing does
    unpaired: int = 0  # lost, if each other word stands for one word only

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*map(sum, zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True)
class LostScore:
    """Near changes of speaker, and in the whole recording."""

    near: Counts
    anywhere: Counts
    added: int  # words that stand for nothing that was said

    def __add__(self, other: "LostScore") -> "LostScore":
        added = self.added + other.added
        return LostScore(self.near + other.near, self.anywhere + other.anywhere, added)


def score_lost(alone: Sequence[Word], turns: Sequence[Turn], words: Sequence[Word]) -> LostScore:
    """What became of the words that were heard in each clip alone.

    Words are matched one to one, equal ones first, in whatever order they come: of two people who
    speak at once, what each of them says may be written down one after the other.
    """
    said, heard = spoken(alone), spoken(words)
    equal, instead = _matched(said, heard)
    taken = set(equal.values())
    free = [word for number, (_, word) in enumerate(heard) if number not in taken]
    free = [word for word in free if word.end - word.start <= ONE_WORD]
    borders = changes(turns)
    near, anywhere = Counts(), Counts()
    for number, (_, word) in enumerate(said):
        unpaired = number not in equal and number not in instead
        covered = any(
            other.start - EDGE <= middle(word) <= other.end + EDGE for other in free if unpaired
        )
        misheard = number in instead or covered
        lost = unpaired and not covered
        counts = Counts(1, int(misheard), int(lost), int(unpaired))
        anywhere += counts
        if any(abs(middle(word) - border) <= NEAR_CHANGE for border in borders):
            near += counts
    return LostScore(near, anywhere, len(heard) - len(equal) - len(instead))


def certain(alone: Sequence[Word], said: Sequence[Word]) -> list[Word]:
    """The words heard in clips alone that are also heard in the recordings that these are cut from.

    Args:
        alone: with speakers, in the time of the conversation.
        said: likewise, as the recordings have them.
    """
    found = []
    for speaker in {word.speaker for word in said}:
        one, other = ([w for w in words if w.speaker == speaker] for words in (alone, said))
        one, other = spoken(one), spoken(other)
        equal, _ = _matched(one, other)
        for number, twin in equal.items():
            text, word = one[number]
            if abs(middle(word) - middle(other[twin][1])) <= INSTEAD:
                found.append(word.model_copy(update={"word": text}))
    return found


def changes(turns: Sequence[Turn]) -> list[float]:
    """When somebody else begins to speak."""
    ordered = sorted(turns, key=lambda turn: turn.start)
    return [after.start for before, after in pairwise(ordered) if before.speaker != after.speaker]


def _matched(said: list, heard: list) -> tuple[dict[int, int], dict[int, int]]:
    """Equal words, and pairs of which one stands instead of the other; indexes of both."""
    if not said or not heard:
        return {}, {}
    times = [np.array([middle(word) for _, word in each]) for each in (said, heard)]
    away = np.abs(times[0][:, None] - times[1][None])
    same = np.array([[text == other for other, _ in heard] for text, _ in said])
    # One more equal word is worth more than any number of seconds and other pairs.
    worth = np.where(same & (away <= SAME_WORD), 10 - away, 0)
    worth += np.where(~same & (away <= INSTEAD), 1 - away, 0)
    pairs = list(zip(*linear_sum_assignment(worth, maximize=True), strict=True))
    equal = {one: other for one, other in pairs if worth[one, other] > 1}
    instead = {one: other for one, other in pairs if 0 < worth[one, other] <= 1}
    return equal, instead


def table(heard: Sequence[Heard], answers: dict[str, Words]) -> list[str]:
    """The lines for conversations of two and more people, by fold and who wrote the words."""
    lines = [HEAD]
    for fold in "ab":
        there = [h for h in heard if h.talk.plan.fold == fold and h.alone and h.people > 1]
        for kind in ("certain", "all") if there else ():
            of = [
                certain(each.alone, each.talk.words) if kind == "certain" else each.alone
                for each in there
            ]
            for who, words in answers.items():
                scores = [
                    score_lost(said, each.talk.turns, words(each))
                    for said, each in zip(of, there, strict=True)
                ]
                lines.append(_line(fold, who, kind, sum(scores[1:], scores[0])))
    return lines


def _line(fold: str, who: str, kind: str, score: LostScore) -> str:
    near, anywhere = score.near, score.anywhere
    understood = near.said - near.misheard - near.lost
    cells = [fold, who, kind, near.said, f"{understood / near.said:.1%}"]
    cells += [f"{near.misheard / near.said:.1%}", f"**{near.lost}** ({near.lost / near.said:.1%})"]
    cells += [near.unpaired, anywhere.said, anywhere.misheard, anywhere.lost, score.added]
    return f"| {' | '.join(map(str, cells))} |"
