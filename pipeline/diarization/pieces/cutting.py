"""Pieces of a recording in which one person speaks.

The segmentation takes two voices for one where they are alike to it; all that it hears of them in
a window has one embedding then.  Embeddings of two seconds tell them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pipeline.audio import SAMPLE_RATE
from pipeline.diarization.reconstruction import overlap_add, speakers_at_once_in
from pipeline.diarization.windows import FRAME_STEP, FRAMES, STEP, WINDOW, first_frame

FRAMES_PER_SECOND = SAMPLE_RATE / FRAME_STEP
LENGTH = round(2.0 * FRAMES_PER_SECOND)  # frames that an embedding is made of, at most
HOP = round(0.5 * FRAMES_PER_SECOND)  # frames of a piece where somebody speaks for longer
# Windows hear a change of speaker within so many frames of each other, 0.1 s, few of them further.
ABOUT = np.bartlett(13)[1:-1]
CHANGED = 0.3  # of the windows hear a change: one who speaks before it may not be who does after it
SHORTEST = 6  # frames between two changes


@dataclass(frozen=True)
class Pieces:
    """Pieces of a recording, one after the other; frames are the recording's.

    The n-th lasts from frame ``begin[n]`` to frame ``end[n]``, and its voice is that of the
    frames from ``first[n]`` to ``last[n]`` around it, all of one stretch of speech.
    """

    begin: np.ndarray  # INT64 [n]
    end: np.ndarray
    first: np.ndarray
    last: np.ndarray
    new: np.ndarray  # BOOL [n], whether a stretch of speech begins with it
    embeddings: np.ndarray | None = None  # FP32 [n, D], NaN where there is none

    def __len__(self) -> int:
        return len(self.begin)

    @classmethod
    def joined(cls, parts: Sequence[tuple[Pieces, np.ndarray]]) -> Pieces:
        """The pieces of parts of a recording in order, each with their embeddings."""
        columns = ("begin", "end", "first", "last", "new")
        arrays = [np.concatenate([getattr(part, each) for part, _ in parts]) for each in columns]
        return cls(*arrays, embeddings=np.concatenate([vectors for _, vectors in parts]))


def cut_block(
    activity: np.ndarray, first: int, windows: int, samples: int, step: int = STEP
) -> Pieces:
    """The pieces that begin before the next block of windows does, in the last one all.

    Args:
        activity: UINT8 [W, 589, speakers], of the recording; that of later blocks is not looked at.
        first: the number of the block's first window.
        windows: how many it has.
        samples: of the recording, at whose end the pieces end.
        step: samples between the starts of two windows.
    """
    after = first + windows
    before = max(0, first - (WINDOW - 1) // step)
    end = after * step if after < len(activity) else samples
    frames = slice(int(first_frame(first * step)), int(first_frame(end)))
    return cut(activity[before:after], before, frames, step)


def cut(
    activity: np.ndarray, window: int, frames: slice, step: int = STEP, length: int = LENGTH
) -> Pieces:
    """Cut what one person says at pauses, where somebody else speaks too, and at changes.

    Args:
        activity: UINT8 [W, 589, speakers], of all windows in which these frames are.
        window: the number of the first of them.
        frames: of the recording.
        step: samples between the starts of two windows.
    """
    starts = (window + np.arange(len(activity))) * step
    alone = speakers_at_once_in(activity, starts, frames) == 1
    edges = np.flatnonzero(np.diff(alone, prepend=False, append=False))
    changes = _changes(activity, starts, frames)
    rows = [
        row
        for begin, end in zip(edges[::2], edges[1::2], strict=True)
        for first, last in _between_changes(changes, begin, end)
        for row in _pieces(first, last, length)
    ]
    table = np.array(rows, np.int64).reshape(-1, 5)
    return Pieces(*(table[:, :4] + frames.start).T, table[:, 4].astype(bool))


def _changes(activity: np.ndarray, starts: np.ndarray, frames: slice) -> np.ndarray:
    """The share of the windows that hear a change of speaker about each frame, FP32 [frames]."""

    def changed(window: int) -> np.ndarray:
        row = activity[window]
        spoken = np.flatnonzero(row.sum(axis=1) == 1)
        who = row[spoken].argmax(axis=1)
        marks = np.zeros((FRAMES, 1), np.uint8)
        marks[spoken[1:][who[1:] != who[:-1]]] = 1
        return marks

    heard = overlap_add(starts, frames, 1, changed)[:, 0]
    windows = overlap_add(starts, frames, 1, lambda window: 1)[:, 0]
    return np.convolve(heard / np.maximum(windows, 1), ABOUT, "same")


def _between_changes(changes: np.ndarray, begin: int, end: int) -> list[tuple[int, int]]:
    """A stretch of frames, cut where most windows hear a change."""
    left, cuts = changes[begin:end].copy(), [begin, end]
    while left.max() >= CHANGED:
        at = int(left.argmax())
        if SHORTEST < at < len(left) - SHORTEST:
            cuts.append(begin + at)
        left[max(0, at - 3 * SHORTEST) : at + 3 * SHORTEST] = 0
    cuts.sort()
    return list(pairwise(cuts))


def _pieces(begin: int, end: int, length: int) -> list[tuple[int, int, int, int, bool]]:
    """The pieces of a stretch, all frames from its start to its end."""
    count = 1 if end - begin <= length else max(1, round((end - begin) / HOP))
    edges = np.linspace(begin, end, count + 1).round().astype(int)
    rows = []
    for first, last in pairwise(edges):
        around = min(max((first + last) // 2 - length // 2, begin), max(begin, end - length))
        rows.append((first, last, around, min(around + length, end), first == begin))
    return rows
