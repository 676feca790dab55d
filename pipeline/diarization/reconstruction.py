"""From segmented windows and their speakers' clusters to speaker turns.

The steps are those of pyannote's ``SpeakerDiarization.reconstruct``, ``to_diarization``
and ``Binarize``, over whole windows and recordings instead of frame by frame.
"""

from collections.abc import Callable

import numpy as np

from documents import Turn
from pipeline.diarization.windows import FRAMES, STEP, WINDOW, first_frame, frame_middle

SILENT = -2  # the cluster of a local speaker who says nothing in his window
AUDIBLE = 0.1  # seconds


def speakers_at_once(activity: np.ndarray) -> np.ndarray:
    """How many people speak in each frame of the recording: the mean over its windows, rounded.

    Args:
        activity: UINT8 [W, 589, speakers].

    Returns:
        INT64 [frames].
    """
    heard = _overlap_add(len(activity), 1, lambda window: activity[window].sum(axis=1)[:, None])
    windows = _overlap_add(len(activity), 1, lambda window: 1)
    return np.rint(heard / np.maximum(windows, 1))[:, 0].astype(np.int64)


def speaker_frames(activity: np.ndarray, clusters: np.ndarray, at_once: np.ndarray) -> np.ndarray:
    """Who speaks in each frame: the clusters that most windows hear, as many as speak at once.

    Unlike pyannote's, a cluster that no window hears in a frame never speaks there.

    Args:
        activity: UINT8 [W, 589, speakers].
        clusters: INT [W, speakers], or SILENT.
        at_once: INT [frames].

    Returns:
        BOOL [frames, clusters].
    """
    count = int(clusters.max(initial=-1)) + 1
    members = clusters[:, :, None] == np.arange(count)
    heard = _overlap_add(
        len(activity),
        count,
        lambda window: activity[window] @ members[window].astype(np.uint8) > 0,
    )
    order = np.argsort(-heard, axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(count)[None], axis=1)
    return (rank < at_once[:, None]) & (heard > 0)


def speaker_turns(frames: np.ndarray, duration: float) -> tuple[list[Turn], list[int]]:
    """Turns in order of their starts; speakers are named in order of their first audible turn.

    Args:
        frames: BOOL [frames, clusters].
        duration: seconds of the recording, where the last turn ends at the latest.

    Returns:
        The turns, and the clusters of SPEAKER_00, SPEAKER_01, …
    """
    spans = []
    for cluster, active in enumerate(frames.T):
        edges = np.flatnonzero(np.diff(active, prepend=False, append=False))
        starts, ends = edges[::2], np.minimum(edges[1::2], len(active) - 1)
        times = zip(frame_middle(starts), np.minimum(frame_middle(ends), duration), strict=True)
        spans += [(start, end, cluster) for start, end in times if start < end]
    spans.sort()
    # A turn of a frame or two is where two others meet; nobody hears it.
    heard = [span for span in spans if span[1] - span[0] >= AUDIBLE]
    speakers = list(dict.fromkeys(cluster for _, _, cluster in [*heard, *spans]))
    names = {cluster: f"SPEAKER_{number:02d}" for number, cluster in enumerate(speakers)}
    turns = [
        Turn(start=round(float(start), 3), end=round(float(end), 3), speaker=names[cluster])
        for start, end, cluster in spans
    ]
    return turns, speakers


def _overlap_add(windows: int, columns: int, values: Callable[[int], np.ndarray]) -> np.ndarray:
    frames = int(first_frame(WINDOW + (windows - 1) * STEP)) + 1
    total = np.zeros((frames, columns), np.float32)
    for window, begin in enumerate(first_frame(np.arange(windows) * STEP)):
        total[begin : begin + FRAMES] += values(window)
    return total
