"""Cluster synthetic embeddings once, ours or both, and say what it took: a process's whole life."""

import json
import resource
import sys
import time

import numpy as np

from pipeline.diarization.clustering import Bounds, cluster
from pipeline.diarization.recipe import ECAPA_MIN_CLUSTER_SIZE, ECAPA_THRESHOLD, ungated
from pipeline.diarization.windows import FRAMES, SPEAKERS

DIMENSION = 192
PEOPLE = 6
NOISE = 0.5  # length of what differs between two embeddings of a person, whose own length is 1
TURN = 12  # windows, one a second, after which other people may speak
SEED = 7


def synthetic(hours: float) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings, FP32 [W, 3, 192], and activity, UINT8 [W, 589, 3], of a meeting.

    Each local speaker slot is one person's for some windows; one or two slots
    are active in a window, the first half and the second half of it by turns.
    """
    chance = np.random.default_rng(SEED)
    windows = round(hours * 3600)
    people = chance.normal(size=(PEOPLE, DIMENSION))
    people /= np.linalg.norm(people, axis=1, keepdims=True)
    turns = -(-windows // TURN)
    who = np.stack([chance.permutation(PEOPLE)[:SPEAKERS] for _ in range(turns)])
    who = who.repeat(TURN, axis=0)[:windows]
    noise = chance.normal(size=(windows, SPEAKERS, DIMENSION), scale=NOISE / DIMENSION**0.5)
    embeddings = (people[who] + noise).astype(np.float32)
    activity = np.zeros((windows, FRAMES, SPEAKERS), np.uint8)
    activity[:, : FRAMES // 2, 0] = 1
    second = chance.random(windows) < 0.5
    activity[second, FRAMES // 2 :, 1] = 1
    embeddings[~activity.any(axis=1)] = np.nan
    return embeddings, activity


def stock_clusters(embeddings: np.ndarray, activity: np.ndarray) -> np.ndarray:
    """pyannote's clusters, INT [W, 3]."""
    from pyannote.audio.pipelines.clustering import AgglomerativeClustering
    from pyannote.core import SlidingWindow, SlidingWindowFeature

    clustering = AgglomerativeClustering(metric="cosine").instantiate(
        {
            "method": "average",
            "threshold": ECAPA_THRESHOLD,
            "min_cluster_size": ECAPA_MIN_CLUSTER_SIZE,
        }
    )
    windows = SlidingWindowFeature(activity.astype(np.float32), SlidingWindow(10, 1))
    return clustering(embeddings.astype(np.float64), segmentations=windows)[0]


def same_partition(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The share of items whose clusters correspond one to one, whatever they are called."""
    from scipy.optimize import linear_sum_assignment

    counts = np.zeros((ours.max() + 1, theirs.max() + 1))
    np.add.at(counts, (ours, theirs), 1)
    rows, columns = linear_sum_assignment(counts, maximize=True)
    return float(counts[rows, columns].sum() / len(ours))


def main(hours: float, stock: bool) -> dict:
    """Cluster; the memory is that of the whole process before pyannote is imported."""
    embeddings, activity = synthetic(hours)
    find = ungated().find
    begin = time.perf_counter()
    clusters, centroids = cluster(embeddings, activity, Bounds(), find)
    seconds = time.perf_counter() - begin
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    spoken = activity.any(axis=1)
    answer = {
        "seconds": seconds,
        "megabytes": megabytes,
        "embeddings": int(spoken.sum()),
        "speakers": PEOPLE,
        "found": len(centroids),
    }
    if stock:
        theirs = stock_clusters(embeddings, activity)
        answer["same"] = same_partition(clusters[spoken], theirs[spoken])
    return answer


if __name__ == "__main__":
    print(json.dumps(main(float(sys.argv[1]), sys.argv[2:] == ["stock"])))
