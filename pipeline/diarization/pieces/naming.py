"""Who speaks in each piece: the voice that it is like, near to whom the windows tell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial.distance import pdist

from pipeline.diarization.agglomerative import average_linkage
from pipeline.diarization.pieces.cutting import FRAMES_PER_SECOND, Pieces
from pipeline.diarization.plda import unit

FULL = 1.0  # seconds from which an embedding counts as one
HEARD = 0.05  # of a cosine similarity is what all windows say
# What a change of speaker costs, in seconds of a similarity that is greater by one.
CHANGE = 0.2  # inside a stretch of speech
CHANGE_AT_PAUSE = 0.0
ROUNDS = 4
NOBODY = 1e-6  # seconds of speech that are none
MOST = 1_500  # embeddings whose linkage is looked at
CLEAR = 0.5  # seconds of an embedding that is linked
SIZES = (4.0, 2.0, 1.0)  # seconds of speech that make a person


@dataclass(frozen=True)
class _Named:
    labels: np.ndarray  # INT64 [n]
    empty: int  # people who say nothing
    margin: float  # by which the own voice is more like a second of speech than the next one


class Voices:
    """The voices of pieces: means of those whose voice they are, found in turn (k-means)."""

    def __init__(self, pieces: Pieces) -> None:
        """Args:
        pieces: with embeddings.
        """
        usable = ~np.isnan(pieces.embeddings).any(axis=1)
        self.directions = np.zeros(pieces.embeddings.shape)
        self.directions[usable] = unit(pieces.embeddings[usable].astype(np.float64))
        self.seconds = (pieces.end - pieces.begin) / FRAMES_PER_SECOND
        self._embedded = (pieces.last - pieces.first) / FRAMES_PER_SECOND * usable
        self.weights = self.seconds * np.minimum(self._embedded / FULL, 1)
        self.new = pieces.new
        self._costs = np.where(pieces.new, CHANGE_AT_PAUSE, CHANGE)

    def number(self, least: int, most: int, apart: float) -> int:
        """How many people there are: ``least``, or as many more as there are different voices.

        Args:
            apart: cosine distance between any two of them.
        """
        number = least
        while number < most and self._differ(number + 1, apart):
            number += 1
        return number

    def _differ(self, number: int, apart: float) -> bool:
        labels = self._linked(number, SIZES[:1])
        if labels is None:
            return False
        labels = self._settle(labels, np.zeros((len(labels), number))).labels
        members = (labels[:, None] == np.arange(number)) * self.weights[:, None]
        alike = 1 - pdist(members.T @ self.directions, "cosine")
        return bool(members.any(axis=0).all() and alike.max() < 1 - apart)

    def named(self, heard: np.ndarray) -> np.ndarray:
        """Who speaks in each piece, INT64 [n].

        From what the windows heard, and from the linkage of the pieces: the start counts after
        which voices differ most from the next one.

        Args:
            heard: FP64 [n, K], in which share of the windows each of K people speaks in it.
        """
        number = heard.shape[1]
        found = [self._settle(heard.argmax(axis=1), HEARD * heard)]
        for sizes in (SIZES[:1], SIZES):
            labels = self._linked(number, sizes)
            if labels is not None:
                found.append(self._settle(labels, np.zeros_like(heard)))
        return max(found, key=lambda each: (-each.empty, each.margin)).labels

    def settled(self, labels: np.ndarray, heard: np.ndarray) -> np.ndarray:
        """The same from a guess of who speaks, INT64 [n]."""
        return self._settle(labels, HEARD * heard).labels

    def _settle(self, labels: np.ndarray, heard: np.ndarray) -> _Named:
        count = heard.shape[1]
        for _ in range(ROUNDS):
            alike = self._alike(labels, count)
            evidence = self.weights[:, None] * alike + self.seconds[:, None] * heard
            better = _best_way(evidence, self._costs)
            if (better == labels).all() or len(np.unique(better)) < len(np.unique(labels)):
                break  # nothing changes any more, or somebody would say nothing at all
            labels = better
        own = np.take_along_axis(alike, labels[:, None], axis=1)[:, 0]
        np.put_along_axis(alike, labels[:, None], -1, axis=1)
        margin = float(self.weights @ (own - alike.max(axis=1)) / max(self.weights.sum(), 1e-9))
        return _Named(labels, count - len(np.unique(labels)), margin)

    def _alike(self, labels: np.ndarray, number: int) -> np.ndarray:
        """How alike each piece is to the mean of each person's other pieces, FP64 [n, number]."""
        members = labels[:, None] == np.arange(number)
        own = members * self.weights[:, None]
        sums = own.T @ self.directions
        products = self.directions @ sums.T
        squares = np.square(sums).sum(axis=1) - 2 * own * products + own**2
        lengths = np.sqrt(np.maximum(squares, 0))
        alike = (products - own) / np.maximum(lengths, NOBODY)
        # Who says one piece only keeps it.
        return np.where(lengths > NOBODY, alike, np.where(members, 1, -1))

    def _linked(self, number: int, sizes: tuple[float, ...]) -> np.ndarray | None:
        """So many clusters by average linkage, of the size at which they differ most; or none."""
        rows, weights, tree = self._linkage
        if len(rows) < number:
            return None
        best: tuple[float, int, float] | None = None
        for size in sizes:
            state = _apart(tree, weights, number, size)
            if state and (best is None or state[0] > best[0]):
                best = (*state, size)
        if best is None:
            return None
        clusters = _after(tree, len(rows), best[1])
        sums = np.zeros((clusters.max() + 1, self.directions.shape[1]))
        np.add.at(sums, clusters, self.directions[rows] * weights[:, None])
        large = np.bincount(clusters, weights) >= best[2]
        return (self.directions @ unit(sums[large]).T).argmax(axis=1)

    @cached_property
    def _linkage(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The pieces that are linked, their weights in seconds, and the tree."""
        rows = np.flatnonzero((self._embedded >= CLEAR) & (self.weights > 0))
        if len(rows) > MOST:
            rows = rows[np.linspace(0, len(rows) - 1, MOST).round().astype(int)]
        if not len(rows):
            return rows, np.zeros(0), np.zeros((0, 4))
        weights = self.weights[rows] * (self.weights.sum() / self.weights[rows].sum())
        return rows, weights, average_linkage(self.directions[rows], weights)


def _apart(
    tree: np.ndarray, weights: np.ndarray, number: int, size: float
) -> tuple[float, int] | None:
    """The distance of the merge after which not so many clusters are large, and its number."""
    sizes = [*weights, *tree[:, 3]]
    count = int((weights >= size).sum())
    best = None
    for merge, (one, other, distance, both) in enumerate(tree):
        if count == number:
            best = (float(distance), merge)
        count += int(both >= size) - sum(sizes[int(each)] >= size for each in (one, other))
    if count == number:
        best = (2.0, len(tree))
    return best


def _after(tree: np.ndarray, count: int, merges: int) -> np.ndarray:
    """The clusters after so many merges, INT64 [n]."""
    labels = np.arange(count + merges)
    for merge in range(merges)[::-1]:
        labels[tree[merge, :2].astype(int)] = labels[count + merge]
    return np.unique(labels[:count], return_inverse=True)[1]


def _best_way(evidence: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """The speakers of all pieces for whom most speaks, less what changes cost (Viterbi)."""
    score, stay, came = evidence[0].copy(), np.arange(evidence.shape[1]), []
    for row, cost in zip(evidence[1:], costs[1:], strict=True):
        leader = int(score.argmax())
        changed = score[leader] - cost
        came.append(np.where(changed > score, leader, stay))
        score = np.maximum(score, changed) + row
    labels = [int(score.argmax())]
    for before in reversed(came):
        labels.append(int(before[labels[-1]]))
    return np.array(labels[::-1])
