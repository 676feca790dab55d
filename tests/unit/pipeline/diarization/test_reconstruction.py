"""Windows and clusters become the turns that pyannote makes of them."""

import tracemalloc
from collections import deque

import numpy as np
import pytest
from pyannote.audio.pipelines import SpeakerDiarization
from pyannote.audio.pipelines.utils.diarization import SpeakerDiarizationMixin

from documents import Turn
from pipeline.diarization import reconstruction
from pipeline.diarization.reconstruction import (
    SILENT,
    speaker_frames,
    speaker_turns,
    speakers_at_once,
)
from tests.unit.pipeline.diarization import stock


@pytest.fixture
def clusters(activity: np.ndarray) -> np.ndarray:
    """Clusters of local speakers, drawn so that each of four is heard."""
    drawn = np.random.default_rng(1).integers(0, 4, activity.shape[::2])
    return np.where(activity.any(axis=1), drawn, SILENT)


def stock_count(activity: np.ndarray) -> object:
    return SpeakerDiarizationMixin.speaker_count(
        stock.windows(activity), stock.frames(), warm_up=(0.0, 0.0)
    )


def stock_frames(activity: np.ndarray, clusters: np.ndarray) -> object:
    pipeline = SpeakerDiarization.__new__(SpeakerDiarization)
    with stock.ties_in_order():
        return SpeakerDiarization.reconstruct(
            pipeline, stock.windows(activity), clusters, stock_count(activity)
        )


def test_as_many_speak_at_once_as_pyannote_counts(activity: np.ndarray) -> None:
    np.testing.assert_array_equal(speakers_at_once(activity), stock_count(activity).data[:, 0])


def test_those_speak_whom_pyannote_hears(activity: np.ndarray, clusters: np.ndarray) -> None:
    ours = np.concatenate(list(speaker_frames(activity, clusters, speakers_at_once(activity))))
    theirs = stock_frames(activity, clusters).data.astype(bool)
    # pyannote fills up with speakers whom no window hears; ours are heard, and none is missing.
    assert not (ours & ~theirs).any()
    heard = np.zeros_like(theirs)
    for window in range(len(activity)):
        begin = round(window * 16_000 / 270)
        for speaker, cluster in enumerate(clusters[window]):
            if cluster != SILENT:
                heard[begin : begin + 589, cluster] |= activity[window, :, speaker] > 0
    np.testing.assert_array_equal(ours, theirs & heard)


def test_whom_no_window_hears_does_not_speak_in_place_of_two_voices_that_are_one() -> None:
    activity = np.zeros((1, 589, 3), np.uint8)
    activity[0, 100:200, :2] = activity[0, 300:400, 2] = 1
    at_once = speakers_at_once(activity)
    assert at_once[150] == 2
    (frames,) = speaker_frames(activity, np.array([[0, 0, 1]]), at_once)
    assert [np.flatnonzero(frames[frame]).tolist() for frame in (50, 150, 350)] == [[], [0], [1]]


@pytest.mark.parametrize("gap", [0.0, 0.3, 2.0])
def test_turns_begin_and_end_where_pyannote_has_them(
    activity: np.ndarray, clusters: np.ndarray, gap: float
) -> None:
    frames = stock_frames(activity, clusters)
    turns, speakers = speaker_turns([frames.data.astype(bool)], 1000.0, gap)
    names = {f"SPEAKER_{number:02d}": cluster for number, cluster in enumerate(speakers)}
    ours = sorted((turn.start, turn.end, names[turn.speaker]) for turn in turns)
    theirs = sorted(
        (segment.start, segment.end, cluster)
        for segment, _, cluster in SpeakerDiarizationMixin.to_annotation(
            frames, min_duration_off=gap
        ).itertracks(yield_label=True)
    )
    np.testing.assert_allclose(ours, theirs, atol=0.001)


def test_speakers_are_named_in_order_of_appearance() -> None:
    frames = np.zeros((600, 3), bool)
    frames[300:400, 0] = frames[100:200, 1] = frames[350:599, 2] = frames[500:550, 1] = True
    turns, speakers = speaker_turns([frames], duration=9.0)
    assert speakers == [1, 0, 2]
    assert [turn.speaker[-1] for turn in turns] == ["0", "1", "2", "0"]
    assert [turn.start for turn in turns] == sorted(turn.start for turn in turns)
    assert max(turn.end for turn in turns) == 9.0


def test_a_turn_that_nobody_hears_does_not_take_the_first_name() -> None:
    frames = np.zeros((600, 2), bool)
    frames[50:53, 1] = True  # 0.05 s
    frames[100:200, 0] = frames[300:400, 1] = True
    turns, speakers = speaker_turns([frames], duration=10.0)
    assert speakers == [0, 1]
    assert [turn.speaker for turn in turns] == ["SPEAKER_01", "SPEAKER_00", "SPEAKER_01"]


def test_who_is_never_heard_for_long_has_a_name_all_the_same() -> None:
    frames = np.zeros((600, 1), bool)
    frames[50:53] = True
    (turn,), speakers = speaker_turns([frames], duration=10.0)
    assert (turn.speaker, speakers) == ("SPEAKER_00", [0])


def test_where_nobody_speaks_there_are_no_turns() -> None:
    activity = np.zeros((2, 589, 3), np.uint8)
    at_once = speakers_at_once(activity)
    (frames,) = speaker_frames(activity, np.full((2, 3), SILENT), at_once)
    assert frames.shape == (len(at_once), 0)
    assert speaker_turns([frames], duration=11.0) == ([], [])


@pytest.mark.parametrize("block", [100, 589, 1000])
def test_blocks_are_parts_of_the_whole(
    activity: np.ndarray,
    clusters: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
    block: int,
) -> None:
    at_once = speakers_at_once(activity)
    (whole,) = speaker_frames(activity, clusters, at_once)
    turns = speaker_turns([whole], duration=30.0)
    monkeypatch.setattr(reconstruction, "BLOCK", block)
    blocks = list(speaker_frames(activity, clusters, at_once))
    assert {len(each) for each in blocks[:-1]} == {block}
    np.testing.assert_array_equal(np.concatenate(blocks), whole)
    assert speaker_turns(blocks, duration=30.0) == turns


def test_memory_does_not_grow_with_the_recording() -> None:
    """50 people: 12 h take what 5 min take, beside the turns themselves."""

    def peak(windows: int) -> int:
        activity = np.ones((windows, 589, 3), np.uint8)
        clusters = np.arange(3 * windows).reshape(windows, 3) % 50
        at_once = speakers_at_once(activity)
        tracemalloc.start()
        deque(speaker_frames(activity, clusters, at_once), maxlen=0)
        taken = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return taken

    # Whole, these would be 47 and 4 MB.
    assert peak(900) < 1.2 * peak(300)


def test_of_more_turns_than_anybody_takes_the_longest_are_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frames = np.zeros((600, 2), bool)
    for start, length in ((10, 20), (100, 2), (200, 30), (300, 2), (400, 10)):
        frames[start : start + length, start // 100 % 2] = True
    everything, _ = speaker_turns([frames], duration=10.0)
    monkeypatch.setattr(reconstruction, "MAX_TURNS", 3)
    turns, _ = speaker_turns([frames], duration=10.0)

    def length(turn: Turn) -> float:
        return turn.end - turn.start

    times = [(turn.start, turn.end) for turn in turns]
    longest = sorted(everything, key=length)[-3:]
    assert times == sorted((turn.start, turn.end) for turn in longest)
