"""Which speakers of a recording are people whose voices a request has brought."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from pipeline.errors import InvalidRequest
from pipeline.options import KnownVoice


def recognise(centroids: np.ndarray, known: Sequence[KnownVoice], alike: float) -> dict[int, str]:
    """Give each cluster at most one name, and each name to at most one cluster.

    Of all ways to do that the one with the highest sum of similarities counts; pairs that
    are less similar than one person's voice is to itself are left out of it.

    Args:
        centroids: [K, D], NaN or zero where nothing is known of a cluster.
        known: voices with embeddings of D numbers, by the same network.
        alike: cosine similarity from which two embeddings are of one person.

    Returns:
        Names by cluster, of those that were recognised.

    Raises:
        InvalidRequest: an embedding is not of this network.
    """
    known = [voice for voice in known if voice.embedding]
    if not known or not len(centroids):
        return {}
    for voice in known:
        if len(voice.embedding) != centroids.shape[1]:
            raise InvalidRequest(
                f"known_voices: the voice of {voice.name!r} has {len(voice.embedding)} numbers, "
                f"and those heard here have {centroids.shape[1]}; make it with this service"
            )
    voices = np.array([voice.embedding for voice in known])
    similarity = 1 - cdist(centroids, voices, metric="cosine")
    similarity = np.where(similarity >= alike, similarity, 0)  # NaN is not alike, too
    pairs = zip(*linear_sum_assignment(similarity, maximize=True), strict=True)
    return {
        int(cluster): known[voice].name for cluster, voice in pairs if similarity[cluster, voice]
    }
