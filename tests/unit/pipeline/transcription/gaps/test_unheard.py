"""Which parts of turns lack words, and what is heard with them."""

from itertools import pairwise

import numpy as np
import pytest

from documents import Turn, Word
from pipeline.transcription.gaps.filling import CONTEXT
from pipeline.transcription.gaps.unheard import AROUND, unheard
from tests.unit.pipeline.transcription.gaps.test_in_turns import sentence


def b(start: float, end: float) -> Turn:
    return Turn(start=start, end=end, speaker="B")


A = Turn(start=10.0, end=20.0, speaker="A")
BEFORE, CUT_SHORT = b(8.0, 9.8), b(8.0, 11.0)


def all_but(turn: Turn, start: float, end: float) -> list[Word]:
    """Words throughout a turn, but for this part."""
    words = []
    for since, until in ((turn.start, start), (end, turn.end)):
        times = np.linspace(since, until, 1 + int(np.ceil((until - since) / 0.3)))
        words += [("so", *pair) for pair in pairwise(times)]
    return sentence(turn.speaker, *words).words if words else []


@pytest.mark.parametrize(
    ("others", "start", "end"),
    [
        pytest.param([], 14.0, 15.2, id="amid what one person says"),
        pytest.param([b(16.3, 17)], 14.0, 15.2, id="far from a change"),
        pytest.param([Turn(start=15.9, end=17, speaker="A")], 14.0, 15.2, id="near his own turn"),
        pytest.param([b(16.1, 17)], 14.8, 15.3, id="near a change"),
        pytest.param([BEFORE], 10.0, 10.4, id="at the start of a turn"),
        pytest.param([BEFORE], 10.5, 11.0, id="near its start"),
        pytest.param([b(20.9, 25)], 19.5, 20.0, id="at its end"),
        pytest.param([CUT_SHORT], 10.0, 10.6, id="at the start, while somebody ends"),
        pytest.param([b(19.0, 25)], 19.2, 20.0, id="at the end, while somebody goes on"),
        pytest.param([b(19.4, 25)], 19.2, 20.0, id="at the end, while somebody begins"),
        pytest.param([b(13.5, 15)], 14.1, 14.9, id="amid, over somebody"),
        pytest.param([b(8, 30), b(9.2, 9.5), b(12.9, 13)], 11.5, 12.3, id="over who began early"),
        pytest.param([b(13, 14.05)], 14.0, 14.5, id="amid, over next to nothing"),
    ],
)
def test_the_least_that_is_a_part_without_words(others, start, end):
    turns = [A, *others]
    found = []
    for longer in (0.01, -0.01):
        lacks = (start - longer, end) if end == A.end else (start, end + longer)
        parts = unheard(all_but(A, *lacks), turns)
        found.append([(part.start, part.end) for part in parts if part.turn is A])
    since, until = (start - 0.01, end) if end == A.end else (start, end + 0.01)
    assert found == [[pytest.approx((since, until))], []]


@pytest.mark.parametrize(("other", "least"), [(BEFORE, 0.5), (CUT_SHORT, 0.8)])
def test_the_least_turn_without_a_word(other, least):
    shorter, longer = (Turn(start=10.0, end=10 + least + by, speaker="A") for by in (-0.01, 0.01))
    assert not [part for part in unheard([], [other, shorter]) if part.turn is shorter]
    (part,) = (part for part in unheard([], [other, longer]) if part.turn is longer)
    assert (part.start, part.end) == (longer.start, longer.end)


def test_a_part_of_a_long_turn_is_heard_with_what_is_around_it():
    words = [("one", 1.0, 1.4), ("two", 1.4, 1.8), ("three", 9.0, 9.4)]
    (part,) = unheard(sentence("A", *words).words, [Turn(start=0.9, end=9.4, speaker="A")])
    assert (part.start, part.end) == pytest.approx((1.8, 9.0))
    assert part.heard_from == pytest.approx(0.9 - CONTEXT)
    assert part.heard_until == pytest.approx(9.4 + CONTEXT)
    (part,) = unheard([], [Turn(start=10.0, end=18.0, speaker="A")])
    assert (part.start, part.end) == (10.0, 18.0)
    late = sentence("A", ("one", 20.0, 20.4), ("two", 30.0, 30.4)).words
    first, second = unheard(late, [Turn(start=15.0, end=30.4, speaker="A")])
    assert (first.start, first.end) == (15.0, 20.0)
    assert first.heard_until == pytest.approx(20.0 + AROUND + CONTEXT)
    assert second.heard_from == pytest.approx(20.4 - AROUND - CONTEXT)


def test_no_word_counts_for_longer_than_it_takes():
    words = sentence("A", ("one", 0.8, 1.5)).words  # has begun before the turn
    assert not list(unheard(words, [Turn(start=1.0, end=2.1, speaker="A")]))
    (part,) = unheard(sentence("A", ("so", 1.0, 5.0)).words, [Turn(start=1, end=5, speaker="A")])
    assert part.start == pytest.approx(1.0 + 0.35 + 2 * 0.06)
    assert part.end == 5.0
