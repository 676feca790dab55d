"""Who says little is found by how unlike the others a voice is for that."""

import numpy as np
import pytest

from pipeline.diarization.pieces.naming import Voices
from pipeline.diarization.pieces.strangers import (
    asked_for,
    with_at_most,
    with_so_many,
    with_strangers,
    without_passers_by,
)
from tests.unit.pipeline.diarization.pieces.test_naming import APART, pieces, same

BOTH = [0, 1] * 4
LONG = [4.0] * len(BOTH)


def between(share: float) -> np.ndarray:
    """A voice that is partly the first one of :func:`said` and partly a new one."""
    return share * np.eye(3)[0] + np.sqrt(1 - share**2) * np.eye(3)[2]


def said(who: list[int], seconds: list[float], voice: np.ndarray | None = None) -> Voices:
    """Pieces of people 0 and 1, and of a third one, who is ``voice``, with a pause after each."""
    given = pieces(who, seconds)
    vectors = np.eye(3)
    if voice is not None:
        vectors[2] = voice
    given.embeddings[:] = 0
    given.embeddings[:, :3] = vectors[who]
    return Voices(given)


def test_a_voice_that_is_heard_for_less_must_differ_more() -> None:
    asked = asked_for(np.array([100.0, 8.0, 4.0, 1.0, 0.5]), 60.0, APART)
    np.testing.assert_allclose(asked[:4], [0.58, 0.58, 0.68, 0.88])
    assert asked[4] > 0.98
    assert (asked_for(np.array([2.0, 8.0]), 7200.0, APART) > asked[[2, 1]] + 0.1).all()


@pytest.mark.parametrize(
    ("likeness", "seconds", "people"), [(0.0, 1.2, 3), (0.2, 1.2, 2), (0.2, 2.5, 3), (0.0, 0.4, 2)]
)
def test_who_says_one_thing_in_another_voice_is_somebody(
    likeness: float, seconds: float, people: int
) -> None:
    who = [*BOTH, 2]
    voices = said(who, [*LONG, seconds], between(likeness))
    told = np.array([*BOTH, 0])
    found = with_strangers(voices, told, 20, APART, 2)
    assert found.max() + 1 == people
    assert same(found, who) == (people == 3)
    assert with_strangers(voices, told, 2, APART, 2).tolist() == told.tolist()


@pytest.mark.parametrize(("seconds", "people"), [(6.9, 3), (4.1, 3), (3.9, 2)])
def test_what_is_said_at_length_may_differ_less(seconds: float, people: int) -> None:
    """The voice differs by 0.05 less than that of somebody who says so much here and there."""
    asked = float(asked_for(np.array(seconds), 40.0, APART))
    who = [*BOTH, 2]
    voices = said(who, [*LONG, seconds], between(1 - (asked - 0.05)))
    assert with_strangers(voices, np.array([*BOTH, 0]), 20, APART, 2).max() + 1 == people
    alike = said(who, [*LONG, seconds], between(1 - (asked - 0.09)))
    assert with_strangers(alike, np.array([*BOTH, 0]), 20, APART, 2).max() + 1 == 2


def test_less_than_half_a_second_is_nobodys_voice() -> None:
    """Whatever it sounds like."""
    unlike = np.array([-0.5, -0.5, np.sqrt(0.5)])
    for seconds, people in ((0.4, 2), (0.6, 3)):
        voices = said([*BOTH, 2], [*LONG, seconds], unlike)
        assert with_strangers(voices, np.array([*BOTH, 0]), 20, APART, 2).max() + 1 == people


def test_what_somebody_says_does_not_count_for_its_being_his() -> None:
    """A third of all that one is said to say is in another voice."""
    voices = said([0, 1, 2], [8.0, 8.0, 4.0])
    assert same(with_strangers(voices, np.array([0, 1, 0]), 20, APART, 2), [0, 1, 2])


def test_where_windows_told_so_many_a_voice_may_differ_less() -> None:
    voices = said([*BOTH, 2], [*LONG, 1.2], between(0.2))
    told = np.array([*BOTH, 0])
    assert with_strangers(voices, told, 20, APART, 2).max() == 1
    assert same(with_strangers(voices, told, 20, APART, 3), [*BOTH, 2])


@pytest.mark.parametrize(("likeness", "people"), [(0.4, 2), (0.0, 3)])
def test_who_says_little_and_sounds_like_somebody_is_nobody_else(
    likeness: float, people: int
) -> None:
    who = [*BOTH, 2]
    voices = said(who, [*LONG, 2.0], between(likeness))
    assert without_passers_by(voices, np.array(who), APART).max() + 1 == people
    for known in (9.0, 0.9):  # a voice that is known, and one of which nothing is
        others = said(who, [*LONG, known], between(likeness))
        assert without_passers_by(others, np.array(who), APART).max() + 1 == 3


def test_in_a_recording_of_seconds_nobody_says_little() -> None:
    """Two who introduce themselves on one line, 2 and 3 s, sound more alike than in minutes."""
    who = [0, 0, 2]
    voices = said(who, [1.5, 1.5, 2.0], between(0.4))
    labels = np.array([0, 0, 1])
    assert without_passers_by(voices, labels, APART).max() + 1 == 2


def test_in_a_long_recording_who_says_seconds_is_little_to_go_by() -> None:
    who, seconds = [*BOTH * 10, 2], [*LONG * 10, 6.0]
    voices = said(who, seconds, between(0.4))
    assert without_passers_by(voices, np.array(who), APART).max() + 1 == 2
    assert (
        without_passers_by(
            said(who[-9:], seconds[-9:], between(0.4)), np.array(who[-9:]), APART
        ).max()
        + 1
        == 3
    )


def test_of_too_many_the_one_goes_who_says_little_and_sounds_like_somebody() -> None:
    given = pieces([0, 1, 2, 3] * 3, [20.0, 20.0, 20.0, 4.0] * 3)
    vectors = np.eye(4)
    vectors[1] = [0.5, np.sqrt(0.75), 0, 0]  # two people who sound alike
    vectors[3] = [0, 0, 0.45, np.sqrt(1 - 0.45**2)]  # what the third one says in other rooms
    given.embeddings[:] = 0
    given.embeddings[:, :4] = vectors[[0, 1, 2, 3] * 3]
    labels = with_at_most(Voices(given), np.array([0, 1, 2, 3] * 3), 3)
    assert same(labels, [0, 1, 2, 2] * 3)
    assert with_at_most(Voices(given), np.array([0, 1, 2, 3] * 3), 4).max() == 3
    assert with_at_most(Voices(given), np.array([0, 1, 2, 3] * 3), 1).max() == 0


def test_who_must_be_there_says_what_is_least_like_the_others() -> None:
    who = [*BOTH, 2]
    voices = said(who, [*LONG, 1.2], between(0.2))
    labels, moments = with_so_many(voices, np.array([*BOTH, 0]), 3, APART)
    assert same(labels, who)
    assert moments == []


def test_of_whom_nothing_is_heard_has_a_moment_and_takes_nothing_away() -> None:
    voices = said(BOTH, LONG)
    labels, moments = with_so_many(voices, np.array(BOTH), 4, APART)
    assert labels.tolist() == BOTH
    assert len(set(moments)) == 2


def test_nobody_loses_the_greater_part() -> None:
    voices = said([0, 1], [3.0, 3.0])
    for number in (1, 2, 3):
        labels, moments = with_so_many(voices, np.array([0, 1]), number, APART)
        assert labels.tolist() == [0, 1]
        assert not moments
