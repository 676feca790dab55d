"""From the windows' clusters to those that the pieces' voices tell, and back."""

import numpy as np

from pipeline.diarization.clustering import Bounds
from pipeline.diarization.pieces.beside import heard_beside, local_speakers
from pipeline.diarization.pieces.cutting import FRAMES_PER_SECOND, Pieces
from pipeline.diarization.pieces.naming import Voices
from pipeline.diarization.pieces.strangers import (
    DOUBT,
    with_at_most,
    with_so_many,
    with_strangers,
    without_passers_by,
)
from pipeline.diarization.reconstruction import AUDIBLE, NOT_NAMED, cluster_frames, overlap_add
from pipeline.diarization.windows import STEP, first_frame
from pipeline.options import MAX_SPEAKERS

# Frames of somebody who must be there and whom nothing tells: little more than is audible.
MOMENT = round(1.2 * AUDIBLE * FRAMES_PER_SECOND)


def tell_apart(
    activity: np.ndarray,
    clusters: np.ndarray,
    bounds: Bounds,
    pieces: Pieces,
    apart: float,
    at_once: np.ndarray,
    step: int = STEP,
) -> tuple[np.ndarray, np.ndarray]:
    """Name who speaks in the pieces, and give each window's speakers the names that they have most.

    Args:
        activity: UINT8 [W, 589, speakers].
        clusters: INT [W, speakers], or SILENT.
        bounds: how many people there may be.
        pieces: with embeddings; one at least.
        apart: cosine distance from which two voices are of two people, whom windows told or not.
        at_once: INT64 [frames], how many people speak in each frame of the recording.
        step: samples between the starts of two windows.

    Returns:
        Clusters of the same shape, and the cluster of each frame in which somebody speaks alone,
        INT64 [frames], NOT_NAMED elsewhere.
    """
    piece = _pieces_of(pieces, len(at_once))
    voices = Voices(pieces)
    begins = first_frame(np.arange(len(activity)) * step)
    told = voices.number(int(clusters.max()) + 1, MAX_SPEAKERS, apart)
    told = voices.number(told, bounds.least, apart - DOUBT)

    def heard(clusters: np.ndarray, number: int) -> np.ndarray:
        return _heard(activity, clusters, number, piece, len(pieces), step)

    def of_frames(labels: np.ndarray) -> np.ndarray:
        return np.where(piece >= 0, labels[piece], NOT_NAMED)

    labels = voices.named(heard(clusters, told))
    labels = without_passers_by(voices, labels, apart)
    labels = with_at_most(voices, labels, bounds.most)
    labels = with_strangers(voices, labels, bounds.most, apart, int(clusters.max()) + 1)
    number = int(labels.max()) + 1
    clusters = local_speakers(activity, clusters, of_frames(labels), number, begins)
    # What windows hear counts by the names that the voices gave their speakers.
    labels = voices.settled(labels, heard(clusters, number))
    least = max(bounds.least, min(heard_beside(activity, at_once), bounds.most))
    labels, moments = with_so_many(voices, labels, least, apart)
    number = int(labels.max()) + 1
    clusters = local_speakers(activity, clusters, of_frames(labels), number, begins)
    named = of_frames(labels)
    for person, begin in enumerate(pieces.begin[moments], number):
        named[begin : begin + MOMENT] = person
    return clusters, named


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
