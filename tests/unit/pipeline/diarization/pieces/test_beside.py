"""Local speakers of a window who are heard at once are different people."""

import numpy as np
import pytest

from pipeline.diarization.pieces.beside import heard_beside, local_speakers
from pipeline.diarization.reconstruction import NOT_NAMED, SILENT, speakers_at_once
from pipeline.diarization.windows import FRAMES, first_frame

SECOND = 59  # frames


def window(*spoken: tuple[int, float, float]) -> np.ndarray:
    """Activity of one window, in which local speakers speak from and to seconds."""
    activity = np.zeros((1, FRAMES, 3), np.uint8)
    for speaker, begin, end in spoken:
        activity[0, round(begin * SECOND) : round(end * SECOND), speaker] = 1
    return activity


def names(*spoken: tuple[int, float, float]) -> np.ndarray:
    """Who speaks alone in the frames of a recording of one window."""
    named = np.full(FRAMES, NOT_NAMED)
    for person, begin, end in spoken:
        named[round(begin * SECOND) : round(end * SECOND)] = person
    return named


def told(activity: np.ndarray, clusters: list, named: np.ndarray, number: int) -> list:
    return local_speakers(
        activity, np.array([clusters]), named, number, first_frame(np.zeros(1))
    ).tolist()[0]


@pytest.mark.parametrize(("seconds", "people"), [(2.0, 2), (1.0, 1)])
def test_who_speak_at_once_for_long_are_two(seconds: float, people: int) -> None:
    activity = window((0, 0.0, 5.0), (2, 5.0 - seconds, 6.0))
    assert heard_beside(activity, speakers_at_once(activity)) == people


@pytest.mark.parametrize(("windows", "people"), [(3, 3), (1, 1)])
def test_whom_a_quarter_of_the_windows_hear_are_three(windows: int, people: int) -> None:
    one, three = window((0, 0.0, 5.0)), window((0, 0.0, 1.0), (1, 2.0, 3.0), (2, 4.0, 5.0))
    activity = np.concatenate([three] * windows + [one] * (9 - windows) + [window()] * 20)
    assert heard_beside(activity, speakers_at_once(activity)) == people


def test_who_speaks_over_another_is_somebody_else() -> None:
    activity = window((0, 0.0, 5.0), (1, 2.0, 5.5), (2, 7.0, 8.0))
    named = names((0, 0.0, 2.0), (0, 5.0, 5.5), (1, 7.0, 8.0))
    assert told(activity, [0, 0, 1], named, 2) == [0, 1, 1]
    assert told(activity, [0, 0, 1], np.zeros_like(named), 1) == [0, 0, 0]
    brief = window((0, 0.0, 5.0), (1, 4.0, 5.5), (2, 7.0, 8.0))
    assert told(brief, [0, 0, 1], named, 2) == [0, 0, 1]


def test_three_at_once_are_three() -> None:
    activity = window((0, 0.0, 5.0), (1, 2.0, 6.0), (2, 2.0, 5.5))
    named = names((0, 0.0, 2.0), (0, 5.5, 6.0), (2, 8.0, 9.0))
    assert sorted(told(activity, [0, 0, 0], named, 3)) == [0, 1, 2]
    assert told(activity, [0, 0, 0], named, 3)[0] == 0


def test_who_is_never_alone_is_whom_the_others_of_the_cluster_are() -> None:
    activity = np.concatenate([window((0, 0.0, 5.0)), window((1, 2.0, 3.0), (2, 0.0, 5.0))])
    named = np.full(2 * FRAMES, NOT_NAMED)
    named[: 5 * SECOND] = 1
    named[FRAMES : FRAMES + 2 * SECOND] = 0
    clusters = np.array([[3, SILENT, SILENT], [SILENT, 3, 0]])
    found = local_speakers(activity, clusters, named, 2, np.array([0, FRAMES]))
    assert found.tolist() == [[1, SILENT, SILENT], [SILENT, 1, 0]]
