"""The voices of pieces correct what the windows hear."""

import numpy as np

from pipeline.diarization.clustering import Bounds
from pipeline.diarization.pieces.cutting import FRAMES_PER_SECOND, Pieces
from pipeline.diarization.pieces.telling import tell_apart
from pipeline.diarization.reconstruction import NOT_NAMED, SILENT, speaker_frames, speakers_at_once
from pipeline.diarization.windows import FRAMES, first_frame

WINDOWS = 11
TWO = Bounds(2, 2)
FIRST, SECOND = np.eye(2)
# Frames of the recording in which one person speaks, whom both windows and pieces tell.
SAID = [(60, 180, FIRST), (200, 320, SECOND), (340, 460, FIRST), (500, 620, SECOND)]


def heard_as_one() -> np.ndarray:
    """All of it by the same local speaker, who is one person to the segmentation."""
    activity = np.zeros((WINDOWS, FRAMES, 3), np.uint8)
    for window, start in enumerate(first_frame(np.arange(WINDOWS) * 16_000)):
        for begin, end, _ in SAID:
            first, last = np.clip([begin - start, end - start], 0, FRAMES)
            activity[window, first:last, 1] = 1
    return activity


def pieces() -> Pieces:
    """Of whom each time is, with their embeddings."""
    begin, end = np.array([times[:2] for times in SAID]).T
    voices = np.array([voice for *_, voice in SAID])
    return Pieces(begin, end, begin, end, np.full(len(SAID), True), voices)


def test_two_whom_the_segmentation_takes_for_one_are_told_apart() -> None:
    activity = heard_as_one()
    clusters = np.where(activity.any(axis=1), 0, SILENT)
    at_once = speakers_at_once(activity)
    told, named = tell_apart(activity, clusters, TWO, pieces(), 0.5, at_once)
    who = [set(named[begin:end].tolist()) for begin, end, _ in SAID]
    assert who[0] == who[2] != who[1] == who[3]
    assert set.union(*who) == {0, 1}
    assert set(named[180:200].tolist()) == {NOT_NAMED}
    (frames,) = speaker_frames(activity, told, at_once, named=named)
    for (begin, end, _), speaker in zip(SAID, who, strict=True):
        assert (frames[begin:end].sum(axis=1) == 1).all()
        assert frames[begin:end, min(speaker)].all()
    assert not frames[180:200].any()


def test_a_window_is_of_whom_it_hears_most() -> None:
    activity = heard_as_one()
    clusters = np.where(activity.any(axis=1), 0, SILENT)
    told, named = tell_apart(activity, clusters, TWO, pieces(), 0.5, speakers_at_once(activity))
    assert told[0, 1] == named[100]  # 4 s of the first voice, and 3.5 s of the second
    assert told[4, 1] == named[550]  # 2 s and 3.4 s
    assert (told[:, [0, 2]] == SILENT).all()


def test_where_two_speak_at_once_the_windows_say_who_both_are() -> None:
    activity = np.zeros((1, FRAMES, 3), np.uint8)
    activity[0, 60:300, 0] = activity[0, 240:480, 2] = 1
    alone = [(60, 240), (300, 480)]
    begin, end = np.array(alone).T
    given = Pieces(begin, end, begin, end, np.array([True, True]), np.eye(2))
    at_once = speakers_at_once(activity)
    told, named = tell_apart(activity, np.array([[0, SILENT, 0]]), TWO, given, 0.5, at_once)
    (frames,) = speaker_frames(activity, told, at_once, named=named)
    assert frames[270].tolist() == [True, True]
    assert frames[100].tolist() == frames[400, ::-1].tolist()


def test_a_number_changes_nothing_but_that_the_missing_have_a_moment() -> None:
    activity = heard_as_one()
    clusters = np.where(activity.any(axis=1), 0, SILENT)
    at_once = speakers_at_once(activity)
    _, free = tell_apart(activity, clusters, Bounds(), pieces(), 0.5, at_once)
    _, three = tell_apart(activity, clusters, Bounds(3, 3), pieces(), 0.5, at_once)
    assert set(free.tolist()) == {NOT_NAMED, 0, 1}
    changed = free != three
    assert set(three[changed].tolist()) == {2}
    assert 0.1 <= changed.sum() / FRAMES_PER_SECOND < 0.2
