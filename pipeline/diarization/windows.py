"""The windows that a recording is segmented in, and the frames of their answers."""

import numpy as np

from pipeline.audio import SAMPLE_RATE

WINDOW = 10 * SAMPLE_RATE  # samples that the segmentation networks were trained on
STEP = 1 * SAMPLE_RATE  # samples between the starts of windows, a tenth as in pyannote; by default
FRAMES = 589  # frames that the networks make of a window
SPEAKERS = 3  # local speakers that they tell apart in it
# SincNet's receptive field: its three convolutions of 251, 5 and 5 taps, the first with a
# stride of 10, each followed by a pooling over 3, see 991 samples and move by 10 * 3 * 3 * 3.
FRAME_STEP = 270
FRAME_SIZE = 991


def window_starts(samples: int, step: int = STEP) -> np.ndarray:
    """The first sample of each window, INT64 [W]; the last window may reach past the end.

    Args:
        samples: of the recording.
        step: samples between two of them.
    """
    if samples == 0:
        return np.zeros(0, np.int64)
    beyond_first = max(0, samples - WINDOW)
    return np.arange(-(-beyond_first // step) + 1) * step


def cut(audio: np.ndarray, start: int, length: int) -> np.ndarray:
    """So many samples from ``start`` on, a view; a copy padded with zeros at the very end."""
    piece = audio[start : start + length]
    return piece if len(piece) == length else np.pad(piece, (0, length - len(piece)))


def first_frame(start: np.ndarray | int) -> np.ndarray:
    """The recording's frame at which a window that starts with this sample begins."""
    return np.rint(np.asarray(start) / FRAME_STEP).astype(np.int64)


def frame_middle(frame: np.ndarray | int) -> np.ndarray:
    """The time in seconds of a frame's middle, where pyannote lets turns begin and end."""
    return (np.asarray(frame) * FRAME_STEP + FRAME_SIZE / 2) / SAMPLE_RATE
