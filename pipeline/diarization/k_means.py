"""k-means, for a number of speakers that is given."""

import numpy as np
from scipy.cluster.vq import ClusterError, kmeans2
from scipy.spatial.distance import cdist

STARTS = 3
SEED = 42
MAX_ITERATIONS = 300  # as scikit-learn has it; a conversation needs a few


def k_means(points: np.ndarray, number: int) -> np.ndarray:
    """Cluster points so that they are near the mean of their cluster (Lloyd, 1982).

    The best of several starts; the same points are always clustered alike.

    Args:
        points: FP64 [n, D].
        number: of clusters, at most n.

    Returns:
        INT [n], a cluster below ``number`` for each point; a cluster is empty only where
        points are equal.
    """
    chance = np.random.default_rng(SEED)
    runs = [_settle(points, _far_apart(points, number, chance)) for _ in range(STARTS)]
    return max(runs, key=lambda run: run[0])[1]


def _far_apart(points: np.ndarray, number: int, chance: np.random.Generator) -> np.ndarray:
    """Points [number, D] to start from: k-means++ (Arthur and Vassilvitskii, 2007), greedily.

    Of several points drawn by their squared distance to those chosen, the one that
    most shortens the others' is taken.  SciPy's k-means++ draws one, and with a
    dozen speakers seldom starts in each.
    """
    trials = 2 + int(np.log(number))
    chosen = [int(chance.integers(len(points)))]
    nearest = cdist(points[chosen], points, "sqeuclidean")[0]
    while len(chosen) < number:
        drawn = np.searchsorted(nearest.cumsum(), chance.random(trials) * nearest.sum())
        drawn = np.minimum(drawn, len(points) - 1)
        after = np.minimum(nearest, cdist(points[drawn], points, "sqeuclidean"))
        best = after.sum(axis=1).argmin()
        nearest = after[best]
        chosen.append(int(drawn[best]))
    return points[chosen]


def _settle(points: np.ndarray, centroids: np.ndarray) -> tuple[tuple[int, float], np.ndarray]:
    """How good the clusters around these centroids become, and the clusters."""
    centroids, labels = kmeans2(points, centroids, iter=1, minit="matrix")
    for _ in range(MAX_ITERATIONS):
        before = labels
        try:
            centroids, labels = kmeans2(points, centroids, iter=1, minit="matrix", missing="raise")
        except ClusterError:  # a cluster lost its last point: before that, none was empty
            break
        if (labels == before).all():
            break
    inertia = float(np.square(points - centroids[labels]).sum())
    return (len(np.unique(labels)), -inertia), labels
