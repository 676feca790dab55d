"""Pieces of speech are named by their voices."""

import numpy as np
import pytest

from pipeline.diarization.pieces.cutting import FRAMES_PER_SECOND, Pieces
from pipeline.diarization.pieces.naming import Voices

DIMENSION = 192
APART = 0.58
UNKNOWN = np.full(DIMENSION, np.nan)


def voices(number: int) -> np.ndarray:
    """Directions that have nothing to do with each other, [number, D]."""
    return np.linalg.qr(np.random.default_rng(5).normal(size=(DIMENSION, number)))[0].T


def pieces(who: list[int], seconds: list[float] | None = None, new: bool = True) -> Pieces:
    """Pieces of these people, of 2 s if nothing else is said; alike by 0.5 if of one person."""
    chance = np.random.default_rng(6).normal(size=(len(who), DIMENSION))
    vectors = voices(max(who) + 1)[who] + chance / np.linalg.norm(chance, axis=1, keepdims=True)
    lengths = np.rint(np.array(seconds or 2.0 * np.ones(len(who))) * FRAMES_PER_SECOND).astype(int)
    end = np.cumsum(lengths)
    begin = end - lengths
    return Pieces(begin, end, begin, end, np.full(len(who), new), 30 * vectors)


def same(labels: np.ndarray, who: list[int]) -> bool:
    """Whether there is one label for each person, and one person for each label."""
    pairs = set(zip(labels.tolist(), who, strict=True))
    return len(pairs) == len(set(who)) == len(set(labels.tolist()))


def heard(who: list[int], number: int) -> np.ndarray:
    """All windows hear these people."""
    return np.eye(number)[who]


def test_voices_tell_two_whom_the_windows_take_for_one() -> None:
    who = [0, 1, 0, 0, 1, 1, 0, 1, 0, 1]
    windows = heard([0] * 9 + [1], 2)
    assert same(Voices(pieces(who)).named(windows), who)


def test_who_says_little_is_the_third_person_and_no_half_of_another_is() -> None:
    who = [0, 1, 0, 1, 0, 1, 0, 1, 2, 0, 1, 0]
    seconds = [6.0] * 8 + [1.2] + [6.0] * 3
    windows = heard([0, 1, 0, 1, 2, 1, 2, 1, 0, 0, 1, 0], 3)  # the halves of the first
    assert same(Voices(pieces(who, seconds)).named(windows), who)


def test_without_a_voice_the_windows_tell_who_speaks() -> None:
    who = [0, 1, 0, 1, 0, 1]
    given = pieces(who)
    given.embeddings[2:4] = UNKNOWN
    assert same(Voices(given).named(heard(who, 2)), who)


def test_a_moment_that_is_like_another_voice_is_no_change_inside_a_sentence() -> None:
    who = [0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1]
    seconds = [2.0, 2.0, 2.0, 0.3, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]
    said = [0] * 7 + [1] * 4
    windows = heard(said, 2)
    assert same(Voices(pieces(who, seconds, new=False)).named(windows), said)
    assert same(Voices(pieces(who, seconds, new=True)).named(windows), who)


@pytest.mark.parametrize("number", [1, 2, 5])
def test_as_many_speak_as_there_are(number: int) -> None:
    who = [0, 1] * 10
    labels = Voices(pieces(who)).named(heard([0] * 20, number))
    assert len(set(labels.tolist())) == number
    assert labels.max() < number


def test_the_windows_decide_between_two_whom_a_short_word_is_equally_like() -> None:
    who = [0, 1, 0, 1, 0, 1]
    given = pieces(who, [2.0, 2.0, 2.0, 2.0, 2.0, 0.4])
    given.embeddings[5] = voices(2).sum(axis=0)
    for last in (0, 1):
        labels = Voices(given).settled(np.array(who), heard([*who[:5], last], 2))
        assert labels.tolist() == [*who[:5], last]


@pytest.mark.parametrize("people", [1, 2, 3])
def test_voices_tell_people_whom_no_window_told_apart(people: int) -> None:
    given = Voices(pieces([number % people for number in range(12)]))
    assert given.number(1, 20, APART) == people
    assert given.number(1, 2, APART) == min(people, 2)
    assert given.number(4, 20, APART) == 4
    assert given.number(1, 20, 1.1) == 1


def test_a_word_of_another_voice_is_nobody_who_was_not_told() -> None:
    given = Voices(pieces([0, 0, 1, 0, 0, 0], [2.0, 2.0, 1.0, 2.0, 2.0, 2.0]))
    assert given.number(1, 20, APART) == 1
