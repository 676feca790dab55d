"""Which local speakers of which windows are the same person."""

import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from pipeline.diarization.reconstruction import SILENT
from pipeline.diarization.windows import FRAMES
from pipeline.options import MAX_SPEAKERS

MIN_CLEAN_FRAMES = 0.2 * FRAMES  # alone in at least 2 s of the window, as in pyannote
# Linkage keeps a distance for every pair of embeddings, twice: with 6000, 288 MB and about a
# second (in which, with community-1, no other thread runs), with 8000, 512 MB and 2.4 s.  Windows
# overlap by 90 %, so that of more than an hour every few seconds' will do.
MAX_TRAINING = 6_000
LONG = 1_000  # embeddings that take turns at being clustered: of fewer, the distances take 8 MB
BLOCK = 1_024  # windows whose similarities to the centroids are computed at once

_LONG_ONES = threading.Lock()


@dataclass(frozen=True)
class Bounds:
    """How many speakers there may be."""

    least: int = 1
    most: int = MAX_SPEAKERS

    @classmethod
    def of(cls, number: int | None, least: int | None, most: int | None) -> "Bounds":
        """From a request's options; an exact number overrides the others, as in pyannote."""
        return cls(number or least or 1, number or most or MAX_SPEAKERS)

    def within(self, embeddings: int) -> "Bounds":
        """The bounds that so many embeddings can meet, and that are never passed."""
        most = min(embeddings, MAX_SPEAKERS)
        return Bounds(*(max(1, min(most, bound)) for bound in (self.least, self.most)))


# Embeddings [n, D], the share of all embeddings that they are, bounds, and the windows [n] that
# they were heard in, to centroids [K, D] and whether two local speakers of one window must be
# different people.
Centroids = Callable[[np.ndarray, float, Bounds, np.ndarray], tuple[np.ndarray, bool]]


def cluster(
    embeddings: np.ndarray, activity: np.ndarray, bounds: Bounds, find: Centroids
) -> tuple[np.ndarray, np.ndarray]:
    """Cluster local speakers: those who speak enough make the clusters, the others join them.

    Args:
        embeddings: FP32 [W, speakers, D], NaN where there is none.
        activity: UINT8 [W, 589, speakers].
        bounds: how many clusters there may be.
        find: the method.

    Returns:
        Clusters, INT [W, speakers], SILENT where the speaker says nothing, and their
        centroids [K, D].
    """
    silent = ~activity.any(axis=1)
    usable = ~np.isnan(embeddings).any(axis=2) & ~silent
    if not usable.any():
        return np.where(silent, SILENT, 0), np.zeros((0, embeddings.shape[2]))
    alone = activity * (activity.sum(axis=2, keepdims=True, dtype=np.uint8) == 1)
    training = usable & (alone.sum(axis=1, dtype=np.int32) >= MIN_CLEAN_FRAMES)
    rows = np.argwhere(training if training.any() else usable)
    share = min(1.0, MAX_TRAINING / len(rows))
    if share < 1:  # whole windows: who is heard together is known of them
        windows = np.unique(rows[:, 0])
        kept = np.linspace(0, len(windows) - 1, max(1, int(len(windows) * share))).round()
        rows = rows[np.isin(rows[:, 0], windows[kept.astype(int)])][:MAX_TRAINING]
    chosen = embeddings[rows[:, 0], rows[:, 1]].astype(np.float64)
    bounds = bounds.within(len(chosen))
    if bounds.most < 2:
        centroids, exclusive = chosen.mean(axis=0, keepdims=True), False
    else:
        with _LONG_ONES if len(chosen) > LONG else nullcontext():
            centroids, exclusive = find(chosen, share, bounds, rows[:, 0])
    similarity = np.full((*embeddings.shape[:2], len(centroids)), -np.inf)
    for first in range(0, len(embeddings), BLOCK):
        block = slice(first, first + BLOCK)
        heard = embeddings[block][usable[block]]
        similarity[block][usable[block]] = 2 - cdist(heard, centroids, metric="cosine")
    similarity[~usable] = similarity[usable].min() - 1
    clusters = _assign_exclusively(similarity) if exclusive else similarity.argmax(axis=2)
    return np.where(silent, SILENT, clusters), centroids


def _assign_exclusively(similarity: np.ndarray) -> np.ndarray:
    clusters = np.full(similarity.shape[:2], SILENT)
    for window, scores in enumerate(similarity):
        speakers, chosen = linear_sum_assignment(scores, maximize=True)
        clusters[window, speakers] = chosen
    return clusters


def means(embeddings: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The mean of each label's embeddings, [labels, D]."""
    return np.stack([embeddings[labels == label].mean(axis=0) for label in np.unique(labels)])
