"""Clustering of the ungated pair: the two clusters that are most like one person merge."""

from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster
from scipy.spatial.distance import cdist

from pipeline.diarization.clustering import Bounds, means
from pipeline.diarization.plda import unit

ALIKE = 0.3  # cosine distance under which embeddings are one person's, whoever is heard together
# To start from.  Their distances are looked through after each merge; beside the linkage of
# 6000 embeddings, that is nothing.
MAX_GROUPS = 300
# What it adds to the distance of two clusters if whoever is in the smaller one is always heard
# beside somebody of the other: people who talk to each other are two, however alike a telephone
# or a room makes them.  benchmarks/speakers/README.md compares values.
TOGETHER = 0.6
SMALL_SHARE = 0.1  # of a short recording's embeddings are enough for a cluster
# Of a part of the embeddings so many at least, or each that differs would be a cluster.  Of
# those of 12 h, three are all that half a minute of speech leaves.
SMALLEST_OF_PART = 3
SMALLEST = 3  # of a cluster, unless more speakers are asked for than are as large


@dataclass(frozen=True)
class Agglomerative:
    """Average linkage that heeds who is heard together.

    Two clusters are as far apart as their embeddings are in the mean, by cosine, and further
    where the segmentation tells two speakers in one window who are in different ones of them.
    Where more speakers are asked for than have clusters of the minimum size, smaller clusters
    will do.
    """

    threshold: float  # distance of two people
    min_cluster_size: int  # smaller clusters join the nearest larger one

    def __call__(
        self, embeddings: np.ndarray, share: float, bounds: Bounds, windows: np.ndarray
    ) -> tuple[np.ndarray, bool]:
        """The mean embedding of each cluster."""
        if bounds.least >= len(embeddings):
            return embeddings, False
        directions = unit(embeddings)
        groups = _alike(directions, min(ALIKE, self.threshold), bounds.least)
        merges = _Merges(directions, groups, windows)
        size = self._enough(len(embeddings), share)
        labels, large = self._cut(merges, size, bounds)
        labels = labels[groups]
        return means(embeddings, _join_small(directions, labels, large)), False

    def _enough(self, embeddings: int, share: float) -> int:
        size = round(min(self.min_cluster_size * share, SMALL_SHARE * embeddings))
        return size if share == 1 else max(size, SMALLEST_OF_PART)

    def _cut(self, merges: "_Merges", size: int, bounds: Bounds) -> tuple[np.ndarray, np.ndarray]:
        """Stop at the threshold, or where the bounds are met next to it.

        Where too few are large there, smaller clusters will do, of the size at which those that
        are kept apart differ most: who says little is more of a person than half of another is.
        """
        last = int(np.argmax(merges.distances > self.threshold))
        count = merges.large(size)[last]
        number = int(np.clip(count, bounds.least, bounds.most))
        sizes = [size]
        while count < number and sizes[-1] > SMALLEST:
            sizes.append(max(sizes[-1] // 2, SMALLEST))
        found = [(each, merges.next_to(last, number, each)) for each in sizes]
        met = [(each, state) for each, state in found if state is not None]
        if met:
            size, state = max(met, key=lambda pair: merges.distances[pair[1]])
        else:
            size, state = 1, merges.next_to(last, number, 1)
        labels, sizes = merges.after(state)
        return labels, np.flatnonzero(sizes >= size)


class _Merges:
    """All merges of groups of embeddings, from none to one cluster."""

    def __init__(self, directions: np.ndarray, groups: np.ndarray, windows: np.ndarray) -> None:
        """Args:
        directions: FP64 [n, D], of length 1.
        groups: INT [n], from 0 without gaps.
        windows: INT [n], where each was heard.
        """
        self._sizes = np.bincount(groups)
        count = len(self._sizes)
        self.pairs: list[tuple[int, int]] = []  # which two merge; the first one's place is kept
        distances: list[float] = []  # of each pair
        member = np.eye(count)[groups]
        sums = member.T @ directions
        apart = 1 - sums @ sums.T / np.outer(self._sizes, self._sizes)
        places = np.unique(windows, return_inverse=True)[1]
        heard = np.zeros((places.max() + 1, count))
        np.add.at(heard, (places, groups), 1)
        together = heard.T @ heard
        sizes = self._sizes.astype(np.float64)
        total = apart + TOGETHER * np.minimum(together / np.minimum.outer(sizes, sizes), 1)
        np.fill_diagonal(total, np.inf)
        for _ in range(count - 1):
            one, other = np.unravel_index(total.argmin(), total.shape)
            self.pairs.append((int(one), int(other)))
            distances.append(total[one, other])
            weights = sizes[[one, other]] / (sizes[one] + sizes[other])
            apart[one] = apart[:, one] = weights @ apart[[one, other]]
            together[one] = together[:, one] = together[one] + together[other]
            sizes[one] += sizes[other]
            gone = np.isinf(total[one]) & (np.arange(count) != other)
            joint = apart[one] + TOGETHER * np.minimum(
                together[one] / np.minimum(sizes[one], sizes), 1
            )
            joint[gone] = joint[other] = np.inf
            total[one] = total[:, one] = joint
            total[other] = total[:, other] = np.inf
        # The last one ends all searches for a distance over a threshold.
        self.distances = np.array([*distances, np.inf])

    def next_to(self, state: int, number: int, size: int) -> int | None:
        """After how many merges, as near as may be, so many clusters are large; or never."""
        states = np.flatnonzero(self.large(size) == number)
        return int(states[np.abs(states - state).argmin()]) if len(states) else None

    def large(self, size: int) -> np.ndarray:
        """How many clusters of at least ``size`` there are after 0, 1, … merges."""
        sizes = self._sizes.copy()
        counts = [int((sizes >= size).sum())]
        for one, other in self.pairs:
            both = sizes[one] + sizes[other]
            before = int(sizes[one] >= size) + int(sizes[other] >= size)
            counts.append(counts[-1] - before + int(both >= size))
            sizes[one], sizes[other] = both, 0
        return np.array(counts)

    def after(self, merges: int) -> tuple[np.ndarray, np.ndarray]:
        """The clusters of the groups after some merges, and how many embeddings are in each."""
        labels = np.arange(len(self._sizes))
        for one, other in self.pairs[:merges]:
            labels[labels == other] = one
        labels = np.unique(labels, return_inverse=True)[1]
        return labels, np.bincount(labels, self._sizes).astype(int)


def _alike(directions: np.ndarray, distance: float, least: int) -> np.ndarray:
    """Groups of embeddings that are alike beyond doubt, INT [n]: ``least`` at least."""
    tree = average_linkage(directions)
    labels = fcluster(tree, distance, "distance")
    number = int(np.clip(labels.max(), least, max(least, MAX_GROUPS)))
    if number != labels.max():
        labels = cut_after(tree, len(tree) - number)
    return np.unique(labels, return_inverse=True)[1]


def average_linkage(directions: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """As scipy's ``linkage(directions, "average", "cosine")``, FP64 [n - 1, 4], of unit vectors.

    Each counts as one, or by its weight [n].  By chains of nearest neighbours (Müllner, 2011), as
    scipy does it; but other threads run meanwhile, where scipy's stood still for half a second an
    hour.
    """
    count = len(directions)
    apart = directions @ directions.T
    np.subtract(1, apart, out=apart)  # of 6000 directions, 288 MB
    np.maximum(apart, 0, out=apart)
    np.fill_diagonal(apart, np.inf)
    names = np.arange(count)  # of the rows, whose number is halved when half of them are gone
    own = np.ones(count) if weights is None else weights
    sizes, gone = own.astype(np.float64), np.zeros(count)
    merges: list[tuple[int, int, float]] = []
    chain: list[int] = []
    while len(merges) < count - 1:
        if not chain:
            if 2 * (count - len(merges)) <= len(names):
                left = np.flatnonzero(gone == 0)
                apart = apart[np.ix_(left, left)]
                names, sizes, gone = names[left], sizes[left], gone[left]
            chain.append(int(gone.argmin()))
        one = chain[-1]
        distances = apart[one] + gone
        other = int(distances.argmin())
        if len(chain) == 1 or distances[other] < distances[chain[-2]]:
            chain.append(other)
            continue
        other = chain[-2]
        del chain[-2:]
        merges.append((int(names[one]), int(names[other]), float(apart[one, other])))
        both = sizes[one] + sizes[other]
        joint = (sizes[one] * apart[one] + sizes[other] * apart[other]) / both
        joint[other] = np.inf
        apart[other] = apart[:, other] = joint
        sizes[other], gone[one] = both, np.inf
    return _in_order(merges, own)


def _in_order(merges: list[tuple[int, int, float]], weights: np.ndarray) -> np.ndarray:
    """The tree of merges of clusters, each named by one of its members, by their distances."""
    count = len(merges) + 1
    tree = np.empty((count - 1, 4))
    cluster = list(range(2 * count - 1))  # that another was merged into, or itself
    sizes = np.concatenate([weights, np.zeros(count - 1)])

    def now(name: int) -> int:
        while cluster[name] != name:
            cluster[name] = cluster[cluster[name]]
            name = cluster[name]
        return name

    for number, (one, other, distance) in enumerate(sorted(merges, key=lambda merge: merge[2])):
        pair = sorted((now(one), now(other)))
        joint = count + number
        cluster[pair[0]] = cluster[pair[1]] = joint
        sizes[joint] = sizes[pair].sum()
        tree[number] = *pair, distance, sizes[joint]
    return tree


def cut_after(tree: np.ndarray, merge: int) -> np.ndarray:
    """The clusters that there are after a merge of the tree, INT [n].

    Centroids may come nearer to each other by merging, so that distances are in no order.
    """
    in_order = tree.copy()
    in_order[:, 2] = np.arange(len(tree))
    return fcluster(in_order, merge, "distance")


def _join_small(directions: np.ndarray, labels: np.ndarray, large: np.ndarray) -> np.ndarray:
    """Give each cluster that is not large to the large one whose centroid is most similar."""
    names = np.unique(labels)
    if not len(large):
        return np.zeros_like(labels)
    centroids = means(directions, labels)
    nearest = cdist(centroids, centroids[np.isin(names, large)], metric="cosine").argmin(axis=1)
    target = np.where(np.isin(names, large), names, large[nearest])
    return target[np.searchsorted(names, labels)]
