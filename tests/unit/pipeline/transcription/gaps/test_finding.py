"""Gaps are where somebody speaks and no word accounts for it."""

import pytest

from documents import Word
from pipeline.transcription.gaps.finding import LEAST, Gap, gaps


def words(*spoken: tuple[str, float, float]) -> list[Word]:
    return [Word(word=word, start=start, end=end, score=0.9) for word, start, end in spoken]


SENTENCE = words(("So", 0.2, 0.5), ("I", 0.5, 0.6), ("don't", 0.6, 0.9), ("hear", 0.9, 1.3))
LATER = words(("That", 4.0, 4.3), ("is", 4.3, 4.5), ("all.", 4.5, 5.0))


def test_words_that_follow_each_other_leave_no_gap():
    assert list(gaps(SENTENCE, [(0.1, 1.5)])) == []


def test_speech_between_two_words_is_a_gap_and_a_pause_is_none():
    both = [*SENTENCE, *LATER]
    assert list(gaps(both, [(0.1, 1.3), (4.0, 5.0)])) == []
    assert list(gaps(both, [(0.1, 1.3), (1.8, 3.5), (4.0, 5.0)])) == [Gap(1.8, 3.5, 4, 4)]
    # Half a second of it is no longer than a word may seem shorter than it is.
    assert list(gaps(both, [(0.1, 1.3 + LEAST - 0.01), (4.0, 5.0)])) == []


def test_a_word_that_seems_to_last_for_seconds_hides_what_was_said_meanwhile():
    spoken = words(("the", 0.0, 0.3), ("library", 0.3, 5.8), ("is", 5.8, 6.0))
    assert list(gaps(spoken, [(0.0, 6.0)])) == [Gap(0.3, 5.8, 1, 2)]
    # It only waits for the next one.
    assert list(gaps(spoken, [(0.0, 1.0), (5.7, 6.0)])) == []


def test_words_that_last_too_long_one_after_the_other_are_one_gap():
    spoken = words(("there's", 1.0, 9.0), ("a", 9.0, 15.0), ("fair", 15.0, 15.4))
    assert list(gaps(spoken, [(1.2, 15.5)])) == [Gap(1.0, 15.0, 0, 2)]


def test_the_first_and_the_last_words_may_be_missing():
    assert list(gaps(LATER, [(0.4, 2.0), (3.9, 6.5)])) == [Gap(0.4, 4.0, 0, 0), Gap(5.0, 6.5, 3, 3)]


@pytest.mark.parametrize("speech", [[], [(0.0, 0.1)]])
def test_where_nobody_speaks_nothing_is_missing(speech):
    assert list(gaps(LATER, speech)) == []
