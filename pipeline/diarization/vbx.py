"""Clustering of community-1: Bayesian, with a PLDA."""

from pathlib import Path

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.special import logsumexp, softmax

from pipeline.diarization.agglomerative import cut_after
from pipeline.diarization.clustering import Bounds, means
from pipeline.diarization.k_means import k_means
from pipeline.diarization.plda import Plda, unit

MIN_PRIOR = 1e-7  # VBx has let go of a speaker less likely than this
# To start from.  Each embedding has a responsibility for each of them, in several arrays: with
# 6000 embeddings 48 MB in each.
MAX_CLUSTERS = 1_000
# As in pyannote.
MAX_ITERATIONS = 20
MIN_IMPROVEMENT = 1e-4  # of the evidence's lower bound in an iteration that is not the last
SMOOTHING = 7.0  # log odds of the cluster that an embedding starts in
PRIOR_FLOOR = 1e-8  # keeps the logarithm of a speaker's prior finite


class Vbx:
    """The clustering of pyannote's ``VBxClustering`` (Landini et al., 2022)."""

    def __init__(self, folder: Path, threshold: float, fa: float, fb: float) -> None:
        """Load the PLDA from ``xvec_transform.npz`` and ``plda.npz``."""
        self._plda = Plda(folder)
        self._threshold, self._fa, self._fb = threshold, fa, fb

    def __call__(
        self, embeddings: np.ndarray, share: float, bounds: Bounds, windows: np.ndarray
    ) -> tuple[np.ndarray, bool]:
        """The mean embedding of each cluster, weighted by its responsibilities."""
        if len(embeddings) < 2:
            return embeddings, False
        directions = unit(embeddings)
        tree = linkage(directions, method="centroid", metric="euclidean")
        labels = fcluster(tree, self._threshold, "distance")
        if len(np.unique(labels)) > MAX_CLUSTERS:
            labels = cut_after(tree, len(tree) - MAX_CLUSTERS)
        first = np.unique(labels, return_inverse=True)[1]
        responsibilities, priors = speaker_responsibilities(
            self._plda(embeddings), self._plda.phi, first, self._fa, self._fb
        )
        kept = responsibilities[:, priors > MIN_PRIOR]
        centroids = kept.T @ embeddings / kept.sum(axis=0)[:, None]
        number = int(np.clip(len(centroids), bounds.least, bounds.most))
        if number == len(centroids):
            return centroids, True
        return means(embeddings, k_means(directions, number)), False


def speaker_responsibilities(
    features: np.ndarray, phi: np.ndarray, first: np.ndarray, fa: float, fb: float
) -> tuple[np.ndarray, np.ndarray]:
    """Which speaker each embedding is of, by variational Bayes (Landini et al., 2022).

    VBx without its hidden Markov model, as pyannote has it: embeddings are of a
    mixture of speakers whose means have the PLDA as their prior.  The numbers of
    equations are the paper's.

    Args:
        features: FP64 [n, d], in the PLDA's space.
        phi: FP64 [d], variance between speakers; within them it is 1.
        first: INT [n], clusters to start from, from 0 without gaps.
        fa: how much the embeddings count against the speakers' prior.
        fb: how much a speaker costs; the larger, the fewer remain.

    Returns:
        Responsibilities FP64 [n, speakers], whose rows sum to 1, and the speakers' priors
        FP64 [speakers]; those that are not needed have a prior near 0.
    """
    speakers = int(first.max()) + 1
    responsibilities = softmax(SMOOTHING * np.eye(speakers)[first], axis=1)
    priors = np.full(speakers, 1 / speakers)
    scaled = features * np.sqrt(phi)  # (18)
    best = -np.inf
    for _ in range(MAX_ITERATIONS):
        counts = responsibilities.sum(axis=0)[:, None]
        variances = 1 / (1 + fa / fb * counts * phi)  # (17), of the speakers' means
        means_ = fa / fb * variances * (responsibilities.T @ scaled)  # (16)
        # (23), without what is the same for all speakers and in all iterations
        likelihoods = fa * (scaled @ means_.T - 0.5 * (variances + means_**2) @ phi)
        joint = likelihoods + np.log(priors + PRIOR_FLOOR)
        evidence = logsumexp(joint, axis=1)
        responsibilities = np.exp(joint - evidence[:, None])
        priors = responsibilities.mean(axis=0)
        divergence = (np.log(variances) - variances - means_**2 + 1).sum()
        bound = evidence.sum() + fb / 2 * divergence  # (25)
        if bound - best < MIN_IMPROVEMENT:
            break
        best = bound
    return responsibilities, priors
