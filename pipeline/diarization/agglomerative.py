"""Clustering of the ungated pair: the nearest two clusters merge until they are too far apart."""

from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import cdist

from pipeline.diarization.clustering import Bounds, means

SMALL_SHARE = 0.1  # of a short recording's embeddings are enough for a cluster
# Of a part of the embeddings so many at least, or each that differs would be a cluster.  Of
# those of 12 h, three are all that half a minute of speech leaves.
SMALLEST_OF_PART = 3


@dataclass(frozen=True)
class Agglomerative:
    """The clustering of pyannote's ``AgglomerativeClustering``, by centroids of unit vectors.

    Written anew because importing pyannote takes ten seconds and a gigabyte.  Where
    more speakers are asked for than have clusters of the minimum size, smaller
    clusters will do.
    """

    threshold: float  # Euclidean distance between two clusters' centroids
    min_cluster_size: int  # smaller clusters join the nearest larger one

    def __call__(
        self, embeddings: np.ndarray, share: float, bounds: Bounds
    ) -> tuple[np.ndarray, bool]:
        """The mean embedding of each cluster."""
        if len(embeddings) == 1:
            return embeddings, False
        unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
        tree = linkage(unit, method="centroid", metric="euclidean")
        size = self._enough(len(unit), share)
        labels, large = self._cut(tree, size, bounds)
        while len(large) < bounds.least and size > 1:
            size //= 2
            labels, large = self._cut(tree, size, bounds)
        return means(embeddings, _join_small(unit, labels, large)), False

    def _enough(self, embeddings: int, share: float) -> int:
        size = round(min(self.min_cluster_size * share, SMALL_SHARE * embeddings))
        return size if share == 1 else max(size, SMALLEST_OF_PART)

    def _cut(self, tree: np.ndarray, size: int, bounds: Bounds) -> tuple[np.ndarray, np.ndarray]:
        """Cut at the threshold, or where the number of large clusters is nearest the bounds."""
        labels = fcluster(tree, self.threshold, "distance")
        large = _large(labels, size)
        wanted = int(np.clip(len(large), bounds.least, bounds.most))
        if wanted == len(large):
            return labels, large
        counts = _large_after_merges(tree, size)
        candidates = np.flatnonzero(tree[:, 3] >= size)
        distances = np.abs(tree[candidates, 2] - self.threshold)
        best = candidates[np.lexsort((distances, np.abs(counts[candidates] - wanted)))[0]]
        labels = cut_after(tree, best)
        return labels, _large(labels, size)


def cut_after(tree: np.ndarray, merge: int) -> np.ndarray:
    """The clusters that there are after a merge of the tree, INT [n].

    Centroids may come nearer to each other by merging, so that distances are in no order.
    """
    in_order = tree.copy()
    in_order[:, 2] = np.arange(len(tree))
    return fcluster(in_order, merge, "distance")


def _large(labels: np.ndarray, size: int) -> np.ndarray:
    names, counts = np.unique(labels, return_counts=True)
    return names[counts >= size]


def _large_after_merges(tree: np.ndarray, size: int) -> np.ndarray:
    """How many clusters of at least ``size`` there are after each merge of the tree."""
    sizes = np.concatenate([np.ones(len(tree) + 1), tree[:, 3]]) >= size
    parts = tree[:, :2].astype(int)
    gained = sizes[len(tree) + 1 :].astype(int) - sizes[parts].sum(axis=1)
    return gained.cumsum() + sizes[: len(tree) + 1].sum()


def _join_small(unit: np.ndarray, labels: np.ndarray, large: np.ndarray) -> np.ndarray:
    """Give each cluster that is not large to the large one whose centroid is most similar."""
    names = np.unique(labels)
    if not len(large):
        return np.zeros_like(labels)
    centroids = means(unit, labels)
    nearest = cdist(centroids, centroids[np.isin(names, large)], metric="cosine").argmin(axis=1)
    target = np.where(np.isin(names, large), names, large[nearest])
    return target[np.searchsorted(names, labels)]
