"""Frames on even grids: which of them count, and how they move from one grid to another."""

import numpy as np


def resample(masks: np.ndarray, frames: int) -> np.ndarray:
    """Read masks [..., F] on a grid of ``frames`` frames over the same audio, the nearest each.

    The same frames as ``torch.nn.functional.interpolate(mode="nearest")`` takes, to its
    rounding: that is how pyannote spreads a window's mask over an embedding's frames.
    """
    step = np.float32(masks.shape[-1] / frames)
    nearest = (np.arange(frames, dtype=np.float32) * step).astype(np.int64)
    return masks[..., np.minimum(nearest, masks.shape[-1] - 1)]


def pooling_masks(activity: np.ndarray, min_frames: int) -> np.ndarray:
    """The frames that each local speaker is embedded from.

    Those in which nobody else speaks, or all of the speaker's where these are
    too few (pyannote's ``embedding_exclude_overlap``).

    Args:
        activity: UINT8 [windows, F, speakers].
        min_frames: an embedding needs more frames than this.

    Returns:
        UINT8 of the same shape.
    """
    clean = activity * (activity.sum(axis=2, keepdims=True, dtype=np.uint8) < 2)
    enough = clean.sum(axis=1, keepdims=True, dtype=np.int32) > min_frames
    return np.where(enough, clean, activity).astype(np.uint8)
