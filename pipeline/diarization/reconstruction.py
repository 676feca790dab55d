"""From segmented windows and their speakers' clusters to speaker turns.

The steps are those of pyannote's ``SpeakerDiarization.reconstruct``, ``to_diarization``
and ``Binarize``, over whole windows and blocks of frames instead of frame by frame:
what is held of each frame and cluster is that of a block, however long the recording.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from documents import Turn
from pipeline.diarization.windows import FRAMES, STEP, WINDOW, first_frame, frame_middle

SILENT = -2  # the cluster of a local speaker who says nothing in his window
NOT_NAMED = -1  # the cluster of a frame of which windows say who speaks
AUDIBLE = 0.1  # seconds
BLOCK = 4096  # frames; 69 s, beside which the windows that two blocks share are few
# Five a second for 12 h; a conversation has one.  A turn takes 0.6 KB wherever it comes to.
MAX_TURNS = 216_000


def speakers_at_once(activity: np.ndarray, step: int = STEP) -> np.ndarray:
    """How many people speak in each frame of the recording: the mean over its windows, rounded.

    Args:
        activity: UINT8 [W, 589, speakers].
        step: samples between the starts of two windows.

    Returns:
        INT64 [frames].
    """
    starts = np.arange(len(activity)) * step
    return speakers_at_once_in(
        activity, starts, slice(0, int(first_frame(starts[-1] + WINDOW)) + 1)
    )


def speakers_at_once_in(activity: np.ndarray, starts: np.ndarray, frames: slice) -> np.ndarray:
    """The same of some frames, INT64 [frames], by windows that begin at these samples [W]."""
    heard = overlap_add(starts, frames, 1, lambda window: activity[window].sum(axis=1)[:, None])
    windows = overlap_add(starts, frames, 1, lambda window: 1)
    return np.rint(heard / np.maximum(windows, 1))[:, 0].astype(np.int64)


def speaker_frames(
    activity: np.ndarray,
    clusters: np.ndarray,
    at_once: np.ndarray,
    step: int = STEP,
    named: np.ndarray | None = None,
) -> Iterator[np.ndarray]:
    """Who speaks in each frame: the clusters that most windows hear, as many as speak at once.

    Unlike pyannote's, a cluster that no window hears in a frame never speaks there.

    Args:
        activity: UINT8 [W, 589, speakers].
        clusters: INT [W, speakers], or SILENT.
        at_once: INT [frames].
        step: samples between the starts of two windows.
        named: INT [frames], the cluster that speaks where that is known, NOT_NAMED elsewhere.

    Yields:
        BOOL [at most BLOCK, clusters], all frames in order.
    """
    count = int(max(clusters.max(initial=-1), -1 if named is None else named.max(initial=-1))) + 1
    for frames, heard in cluster_frames(activity, clusters, count, len(at_once), step):
        if named is not None:
            known = np.flatnonzero(named[frames] != NOT_NAMED)
            heard[known] = named[frames][known, None] == np.arange(count)
        order = np.argsort(-heard, axis=1, kind="stable")
        rank = np.empty_like(order)
        np.put_along_axis(rank, order, np.arange(count)[None], axis=1)
        yield (rank < at_once[frames, None]) & (heard > 0)


def cluster_frames(
    activity: np.ndarray, clusters: np.ndarray, count: int, frames: int, step: int = STEP
) -> Iterator[tuple[slice, np.ndarray]]:
    """How many windows hear each of ``count`` clusters: blocks of frames, FP32 [frames, count]."""
    members = (clusters[:, :, None] == np.arange(count)).astype(np.uint8)
    starts = np.arange(len(activity)) * step
    for first in range(0, frames, BLOCK):
        block = slice(first, min(first + BLOCK, frames))
        yield (
            block,
            overlap_add(
                starts, block, count, lambda window: activity[window] @ members[window] > 0
            ),
        )


def speaker_turns(
    blocks: Iterable[np.ndarray], duration: float, min_duration_off: float = 0.0
) -> tuple[list[Turn], list[int]]:
    """Turns in order of their starts; speakers are named in order of their first audible turn.

    Args:
        blocks: BOOL [any, clusters], the recording's frames in order.
        duration: seconds of the recording, where the last turn ends at the latest.
        min_duration_off: seconds; two turns of one speaker with less between them are one.

    Returns:
        The turns, of which the longest where there are more than MAX_TURNS, and the
        clusters of SPEAKER_00, SPEAKER_01, …
    """
    cluster, first, last = _spans(blocks)
    start, end = frame_middle(first), np.minimum(frame_middle(last), duration)
    if min_duration_off:
        cluster, start, end = _without_gaps(cluster, start, end, min_duration_off)
    kept = np.flatnonzero(start < end)
    if len(kept) > MAX_TURNS:
        kept = kept[np.argsort((start - end)[kept], kind="stable")[:MAX_TURNS]]
    kept = kept[np.lexsort((cluster[kept], end[kept], start[kept]))]
    cluster, start, end = cluster[kept], start[kept], end[kept]
    # A turn of a frame or two is where two others meet; nobody hears it.
    heard = cluster[end - start >= AUDIBLE]
    speakers = list(dict.fromkeys([*heard.tolist(), *cluster.tolist()]))
    names = {cluster: f"SPEAKER_{number:02d}" for number, cluster in enumerate(speakers)}
    turns = [
        Turn(start=round(begin, 3), end=round(over, 3), speaker=names[number])
        for begin, over, number in zip(start.tolist(), end.tolist(), cluster.tolist(), strict=True)
    ]
    return turns, speakers


def _spans(blocks: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The clusters, first frames and last frames of the stretches in which a cluster is active."""
    changes, frames, before = [np.zeros((0, 2), np.int64)], 0, None
    for active in blocks:
        before = np.zeros_like(active[:1]) if before is None else before
        frame, cluster = np.nonzero(np.diff(active, axis=0, prepend=before))
        changes.append(np.stack([cluster, frame + frames], axis=1))
        frames, before = frames + len(active), active[-1:]
    if before is not None:
        still = np.flatnonzero(before)
        changes.append(np.stack([still, np.full_like(still, frames)], axis=1))
    cluster, frame = np.concatenate(changes).T
    in_order = np.lexsort((frame, cluster))  # a start and an end in turn, cluster by cluster
    frame = frame[in_order]
    return cluster[in_order][::2], frame[::2], np.minimum(frame[1::2], frames - 1)


def _without_gaps(
    cluster: np.ndarray, start: np.ndarray, end: np.ndarray, longest: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same stretches, of each cluster in order, where shorter gaps than this are filled."""
    apart = (cluster[1:] != cluster[:-1]) | (start[1:] - end[:-1] >= longest)
    first = np.flatnonzero(np.append(True, apart)[: len(cluster)])
    last = np.flatnonzero(np.append(apart, True)[-len(cluster) :])
    return cluster[first], start[first], end[last]


def overlap_add(
    starts: np.ndarray, frames: slice, columns: int, values: Callable[[int], np.ndarray | int]
) -> np.ndarray:
    """The sum of the windows' values in these frames, FP32 [frames, columns]."""
    total = np.zeros((frames.stop - frames.start, columns), np.float32)
    begins = first_frame(starts) - frames.start
    inside = slice(*np.searchsorted(begins, [1 - FRAMES, len(total)]))
    for window in range(len(starts))[inside]:
        begin = begins[window]
        added = np.broadcast_to(values(window), (FRAMES, columns))
        total[max(begin, 0) : begin + FRAMES] += added[max(-begin, 0) : len(total) - begin]
    return total
