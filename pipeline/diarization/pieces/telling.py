"""From the windows' clusters to those that the pieces' voices tell, and back."""

import numpy as np

from pipeline.diarization.clustering import Bounds
from pipeline.diarization.pieces.cutting import Pieces
from pipeline.diarization.pieces.naming import Voices
from pipeline.diarization.reconstruction import NOT_NAMED, SILENT, cluster_frames, overlap_add
from pipeline.diarization.windows import FRAMES, STEP, first_frame


def tell_apart(
    activity: np.ndarray,
    clusters: np.ndarray,
    bounds: Bounds,
    pieces: Pieces,
    apart: float,
    frames: int,
    step: int = STEP,
) -> tuple[np.ndarray, np.ndarray]:
    """Name who speaks in the pieces, and give each window's speakers the names that they have most.

    Args:
        activity: UINT8 [W, 589, speakers].
        clusters: INT [W, speakers], or SILENT.
        bounds: how many people there may be.
        pieces: with embeddings; one at least.
        apart: cosine distance from which two voices are of two people, whom windows told or not.
        frames: of the recording.
        step: samples between the starts of two windows.

    Returns:
        Clusters of the same shape, and the cluster of each frame in which somebody speaks alone,
        INT64 [frames], NOT_NAMED elsewhere.
    """
    piece = _pieces_of(pieces, frames)
    voices = Voices(pieces)
    begins = first_frame(np.arange(len(activity)) * step)
    told = voices.number(int(clusters.max()) + 1, bounds.most, apart)
    number = max(told, min(bounds.least, len(pieces)))
    if number < 2:
        return clusters, np.where(piece >= 0, 0, NOT_NAMED)

    def heard(clusters: np.ndarray, number: int) -> np.ndarray:
        return _heard(activity, clusters, number, piece, len(pieces), step)

    labels = voices.named(heard(clusters, told))
    if number > told:
        labels = voices.with_strangers(labels, number)
    clusters = _of_windows(activity, clusters, labels, piece, number, begins)
    # What windows hear counts by the names that the voices gave their speakers.
    labels = voices.settled(labels, heard(clusters, number))
    clusters = _of_windows(activity, clusters, labels, piece, number, begins)
    return clusters, np.where(piece >= 0, labels[piece], NOT_NAMED)


def _heard(
    activity: np.ndarray,
    clusters: np.ndarray,
    number: int,
    piece: np.ndarray,
    pieces: int,
    step: int,
) -> np.ndarray:
    """In which share of the windows each person speaks in each piece, FP64 [pieces, number]."""
    heard = np.zeros((pieces, number))
    starts = np.arange(len(activity)) * step
    for block, windows_with in cluster_frames(activity, clusters, number, len(piece), step):
        inside = np.flatnonzero(piece[block] >= 0)
        windows = overlap_add(starts, block, 1, lambda window: 1)
        np.add.at(heard, piece[block][inside], (windows_with / np.maximum(windows, 1))[inside])
    return heard / np.bincount(piece[piece >= 0], minlength=pieces)[:, None]


def _pieces_of(pieces: Pieces, frames: int) -> np.ndarray:
    """The number of each frame's piece, INT64 [frames], or -1."""
    numbers = np.full(frames, -1, np.int64)
    lengths = pieces.end - pieces.begin
    before = np.cumsum(lengths) - lengths
    inside = np.repeat(pieces.begin - before, lengths) + np.arange(lengths.sum())
    numbers[inside] = np.repeat(np.arange(len(pieces)), lengths)
    return numbers


def _of_windows(
    activity: np.ndarray,
    clusters: np.ndarray,
    labels: np.ndarray,
    piece: np.ndarray,
    number: int,
    begins: np.ndarray,
) -> np.ndarray:
    """Whom each window's speakers are for most of the time in which somebody speaks alone."""
    people = np.arange(number)
    named = np.where(piece >= 0, labels[piece], NOT_NAMED)
    told = clusters.copy()
    for window, begin in enumerate(begins):
        frames = named[begin : begin + FRAMES]
        alone = (frames[:, None] == people).astype(np.float32)
        times = activity[window, : len(frames)].T.astype(np.float32) @ alone
        known = times.any(axis=1) & (clusters[window] != SILENT)
        told[window, known] = times[known].argmax(axis=1)
    return told
