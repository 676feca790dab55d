"""Clustering of community-1: Bayesian, with a PLDA."""

from pathlib import Path

import numpy as np
from pyannote.audio.core.plda import PLDA
from pyannote.audio.utils.vbx import cluster_vbx
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.cluster import KMeans

from pipeline.diarization.clustering import Bounds, means

MIN_PRIOR = 1e-7  # VBx has let go of a speaker less likely than this


class Vbx:
    """The clustering of pyannote's ``VBxClustering`` (Landini et al., 2022)."""

    def __init__(self, folder: Path, threshold: float, fa: float, fb: float) -> None:
        """Load the PLDA from ``xvec_transform.npz`` and ``plda.npz``."""
        self._plda = PLDA(folder / "xvec_transform.npz", folder / "plda.npz")
        self._threshold, self._fa, self._fb = threshold, fa, fb

    def __call__(
        self, embeddings: np.ndarray, share: float, bounds: Bounds
    ) -> tuple[np.ndarray, bool]:
        """The mean embedding of each cluster, weighted by its responsibilities."""
        if len(embeddings) < 2:
            return embeddings, False
        unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
        tree = linkage(unit, method="centroid", metric="euclidean")
        first = np.unique(fcluster(tree, self._threshold, "distance"), return_inverse=True)[1]
        responsibilities, priors = cluster_vbx(
            first, self._plda(embeddings), self._plda.phi, Fa=self._fa, Fb=self._fb, maxIters=20
        )
        kept = responsibilities[:, priors > MIN_PRIOR]
        centroids = kept.T @ embeddings / kept.sum(axis=0)[:, None]
        number = int(np.clip(len(centroids), bounds.least, bounds.most))
        if number == len(centroids):
            return centroids, True
        labels = KMeans(number, n_init=3, random_state=42, copy_x=False).fit_predict(unit)
        return means(embeddings, labels), False
