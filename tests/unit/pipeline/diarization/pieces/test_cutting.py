"""Speech is cut into pieces in which one person speaks."""

import numpy as np

from pipeline.diarization.pieces.cutting import HOP, LENGTH, Pieces, cut, cut_block
from pipeline.diarization.windows import FRAMES, first_frame

SECOND = 16_000
WHOLE = slice(0, FRAMES)


def spoken(*times: tuple[int, float, float], windows: int = 1) -> np.ndarray:
    """Windows of each second, in which local speakers speak from and to seconds of the recording.

    Args:
        times: a local speaker, the same in all windows, a start and an end.
    """
    activity = np.zeros((windows, FRAMES, 3), np.uint8)
    for window in range(windows):
        for speaker, *edges in times:
            begin, end = (
                np.clip(first_frame((edge - window) * SECOND), 0, FRAMES) for edge in edges
            )
            activity[window, begin:end, speaker] = 1
    return activity


def times(pieces: Pieces) -> list[tuple[float, float]]:
    """Their starts and ends in seconds."""
    frames = zip(pieces.begin, pieces.end, strict=True)
    return [(round(begin * 270 / SECOND, 1), round(end * 270 / SECOND, 1)) for begin, end in frames]


def test_a_pause_ends_a_piece() -> None:
    pieces = cut(spoken((0, 1.0, 2.5), (0, 3.0, 4.0)), 0, WHOLE)
    assert times(pieces) == [(1.0, 2.5), (3.0, 4.0)]
    assert pieces.new.tolist() == [True, True]
    np.testing.assert_array_equal([pieces.first, pieces.last], [pieces.begin, pieces.end])


def test_where_two_speak_at_once_is_no_piece() -> None:
    pieces = cut(spoken((0, 1.0, 3.0), (1, 2.0, 4.0)), 0, WHOLE)
    assert times(pieces) == [(1.0, 2.0), (3.0, 4.0)]


def test_a_change_of_speaker_without_a_pause_ends_a_piece() -> None:
    pieces = cut(spoken((0, 1.0, 2.5), (1, 2.5, 4.0)), 0, WHOLE)
    assert times(pieces) == [(1.0, 2.5), (2.5, 4.0)]
    assert pieces.new.all()


def test_a_change_that_few_windows_hear_ends_none() -> None:
    activity = spoken((0, 5.0, 6.8), windows=6)
    activity[0] = spoken((0, 5.0, 6.0), (1, 6.0, 6.8))[0]
    assert times(cut(activity, 0, WHOLE)) == [(5.0, 6.8)]


def test_long_speech_has_a_voice_of_two_seconds_every_half_second() -> None:
    pieces = cut(spoken((2, 1.0, 7.0)), 0, WHOLE)
    assert len(pieces) == 12
    assert pieces.new.tolist() == [True] + 11 * [False]
    np.testing.assert_array_equal(pieces.begin[1:], pieces.end[:-1])
    assert abs(pieces.end - pieces.begin - HOP).max() <= 1
    np.testing.assert_array_equal(pieces.last - pieces.first, LENGTH)
    assert pieces.first.min() == pieces.begin[0]
    assert pieces.last.max() == pieces.end[-1]
    assert (pieces.first <= pieces.begin).all()
    assert (pieces.end <= pieces.last).all()


def test_blocks_of_windows_have_all_pieces_between_them() -> None:
    said = [(0, 2.0, 3.5), (1, 4.2, 5.5), (0, 7.0, 8.9), (2, 12.4, 13.7), (1, 16.1, 17.0)]
    activity = spoken(*said, windows=12)
    blocks = [cut_block(activity, first, 4, 21 * SECOND) for first in (0, 4, 8)]
    assert [edge for block in blocks for edge in times(block)] == [
        (2.0, 3.5),
        (4.2, 5.5),
        (7.0, 8.0),  # the third block begins
        (8.0, 8.9),
        (12.4, 13.7),
        (16.1, 17.0),
    ]


def test_silence_has_no_pieces() -> None:
    assert len(cut(spoken(), 0, WHOLE)) == 0


def test_what_is_heard_beyond_the_end_is_no_piece() -> None:
    activity = spoken((0, 1.0, 2.5), (0, 3.5, 4.2), windows=1)
    assert times(cut_block(activity, 0, 1, 2 * SECOND)) == [(1.0, 2.0)]
