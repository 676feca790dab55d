"""People who say little, of whom neither the windows nor the linkage of voices know.

A voice that is heard for a second varies more than one that is heard for long: the less somebody
says, the more unlike the others' his voice must be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.diarization.agglomerative import ALIKE
from pipeline.diarization.pieces.naming import CLEAR, FULL, NOBODY, Voices

KNOWN = 8.0  # seconds of speech after which a voice is known as well as it ever will be
UNSURE = 0.1  # of a cosine distance, each time that there is half as much speech
LITTLE = 4.0  # seconds that somebody says; the linkage of voices tells who says more
AT_LENGTH = 0.07  # of a cosine distance less is asked for where he says LITTLE in one go
RARE = 64  # times as much speech as one of them says
CHANCE = 0.05  # of a cosine distance, each time that there is twice as much to choose from
# Of a cosine distance that may be missing: where windows told more people than voices do, and
# where somebody must be found.
DOUBT = 0.1


@dataclass(frozen=True)
class _Run:
    """Pieces that one person says without a pause."""

    pieces: np.ndarray  # BOOL [n]
    over: float  # by how much more than is asked for its voice differs from all others
    seconds: float

    @property
    def weight(self) -> float:
        """What there is to win where it differs, and to lose where it does not."""
        return self.over * (LITTLE + self.seconds)


def asked_for(seconds: np.ndarray, everything: float, apart: float) -> np.ndarray:
    """The cosine distance from which a voice that is heard for so long is another person's.

    Args:
        seconds: FP64 of any shape.
        everything: seconds that all say; the rarer a voice, the more pieces it was chosen of.
        apart: the distance of voices that are well known.
    """
    seconds = np.maximum(seconds, NOBODY)
    short = np.log2(np.maximum(KNOWN / seconds, 1))
    rare = np.log2(np.maximum(everything / seconds / RARE, 1))
    return apart + UNSURE * short + CHANCE * rare


def without_passers_by(voices: Voices, labels: np.ndarray, apart: float) -> np.ndarray:
    """The same labels, INT64 [n], without people who say little and sound like somebody else."""
    everything = voices.weights.sum()
    if everything < 2 * LITTLE:  # where of two people both say little
        return labels
    while labels.max() > 0:
        distances, seconds = _between(voices, labels)
        missing = asked_for(seconds, everything, apart) - distances.min(axis=1)
        # Of what is shorter the voice says too little to doubt what the windows say.
        missing[(seconds < FULL) | (seconds >= max(LITTLE, 2 * everything / RARE))] = 0
        if missing.max() <= 0:
            break
        gone = int(missing.argmax())
        labels = _merged(voices, labels, gone, int(distances[gone].argmin()))
    return labels


def with_at_most(voices: Voices, labels: np.ndarray, most: int) -> np.ndarray:
    """The same of so many people at most: who says little and sounds like somebody else is he."""
    while labels.max() >= most:
        distances, seconds = _between(voices, labels)
        cost = np.minimum.outer(seconds, seconds) * (distances - ALIKE)
        one, other = np.unravel_index(np.argmin(cost), cost.shape)
        gone, kept = sorted((int(one), int(other)), key=lambda each: seconds[each])
        labels = _merged(voices, labels, gone, kept)
    return labels


def with_strangers(
    voices: Voices, labels: np.ndarray, most: int, apart: float, told: int
) -> np.ndarray:
    """The same with those whose voice, in what they say in one go, is nobody's who was told.

    Args:
        voices: of n pieces.
        labels: INT64 [n], from 0 without gaps.
        most: people that there may be.
        apart: cosine distance of two people's voices.
        told: people whom the windows tell.
    """
    while (number := int(labels.max()) + 1) < most:
        run = _strangest(voices, labels, number, apart)
        missing = DOUBT if number < told else 0
        if run is None or run.over < -missing or run.seconds < CLEAR:
            break
        labels = np.where(run.pieces, number, labels)
    return labels


def with_so_many(
    voices: Voices, labels: np.ndarray, number: int, apart: float
) -> tuple[np.ndarray, list[int]]:
    """The same of so many people: as little as may be is taken away from those who are told.

    Returns:
        The labels, and pieces: those who are still missing have a moment of one each, as nothing
        that is said sounds like anybody else.
    """
    while (found := int(labels.max()) + 1) < number:
        run = _strangest(voices, labels, found, apart, whole=False)
        if run is None or (run.over < -DOUBT and run.seconds >= CLEAR):
            break
        labels = np.where(run.pieces, found, labels)
        if run.seconds >= CLEAR:  # else it is no voice to compare others with
            labels = voices.settled(labels, np.zeros((len(labels), found + 1)))
    moments, left = [], labels
    while (found := int(left.max()) + 1) < number:
        run = _strangest(voices, left, found, apart, whole=False)
        if run is None:
            break
        left = np.where(run.pieces, found, left)
        moments.append(int(run.pieces.argmax()))
    return labels, moments


def _strangest(
    voices: Voices, labels: np.ndarray, number: int, apart: float, whole: bool = True
) -> _Run | None:
    """What is least like the voices of all, of whom nobody loses the greater part; or nothing.

    Args:
        whole: runs only, or any piece.
    """
    begins = [voices.new | (np.diff(labels, prepend=-1) != 0)]
    if not whole:
        begins.append(np.ones(len(labels), bool))
    found = [_strangest_of(voices, labels, number, apart, each) for each in begins]
    return max(filter(None, found), key=lambda run: run.weight, default=None)


def _strangest_of(
    voices: Voices, labels: np.ndarray, number: int, apart: float, begins: np.ndarray
) -> _Run | None:
    runs = np.cumsum(begins) - 1
    whose = labels[begins]
    count = len(whose)
    weights = np.bincount(runs, voices.weights)
    seconds = np.bincount(runs, voices.seconds)
    first = np.flatnonzero(begins)
    sums = np.add.reduceat(voices.directions * voices.weights[:, None], first)
    people = np.zeros((number, sums.shape[1]))
    np.add.at(people, whose, sums)
    # Of whose voice it is, its own share is left out.
    own = np.arange(count), whose
    squared = np.square(sums).sum(axis=1)
    products = sums @ people.T
    lengths = np.broadcast_to(np.square(people).sum(axis=1), products.shape).copy()
    lengths[own] += squared - 2 * products[own]
    products[own] -= squared
    lengths = np.sqrt(np.maximum(lengths * squared[:, None], 0))
    alike = (products / np.maximum(lengths, NOBODY)).max(axis=1)
    over = 1 - alike - asked_for(seconds, voices.weights.sum(), apart)
    # A voice differs less from itself in one go than in pieces that a linkage chose.
    over[seconds >= LITTLE] += AT_LENGTH
    weighed = over * (LITTLE + seconds)
    rest = np.bincount(whose, weights, number)[whose] - weights
    weighed[(weights <= 0) | (rest < weights)] = -np.inf
    best = int(weighed.argmax())
    if weighed[best] == -np.inf:
        return None
    return _Run(runs == best, float(over[best]), float(seconds[best]))


def _between(voices: Voices, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cosine distances of the voices, infinite of each to itself, and the seconds of each."""
    members = (labels == np.arange(labels.max() + 1)[:, None]) * voices.weights
    sums = members @ voices.directions
    lengths = np.maximum(np.linalg.norm(sums, axis=1), NOBODY)
    distances = 1 - sums @ sums.T / np.outer(lengths, lengths)
    np.fill_diagonal(distances, np.inf)
    return distances, members.sum(axis=1)


def _merged(voices: Voices, labels: np.ndarray, gone: int, kept: int) -> np.ndarray:
    labels = np.where(labels == gone, kept, labels)
    labels -= labels > gone
    return voices.settled(labels, np.zeros((len(labels), labels.max() + 1)))
