"""The space in which community-1 compares voices: probabilistic linear discriminant analysis."""

from pathlib import Path

import numpy as np


class Plda:
    """A PLDA with one covariance within all speakers (Ioffe, 2006).

    In its space the embeddings of one speaker spread around his mean with the
    identity as covariance, and the speakers' means around zero with ``phi`` on
    the diagonal.
    """

    phi: np.ndarray  # FP64 [d], variance between speakers, largest first

    def __init__(self, folder: Path) -> None:
        """Load ``xvec_transform.npz`` and ``plda.npz``, as pyannote keeps them.

        Raises:
            ValueError: they hold something else than arrays.
        """
        with np.load(folder / "xvec_transform.npz", allow_pickle=False) as arrays:
            self._mean, self._shift, self._lda = (arrays[key] for key in ("mean1", "mean2", "lda"))
        with np.load(folder / "plda.npz", allow_pickle=False) as arrays:
            self._center, transform, variances = (arrays[key] for key in ("mu", "tr", "psi"))
        # The transform diagonalises both covariances already, so there is no eigenvalue
        # problem left to solve, as pyannote does; the order is all that it would change.
        order = np.argsort(variances)[::-1]
        self.phi, self._transform = variances[order], transform[order]

    def __call__(self, embeddings: np.ndarray) -> np.ndarray:
        """Embeddings [n, D] in this space, FP64 [n, d]."""
        dimension, reduced = self._lda.shape
        whole = np.sqrt(dimension) * unit(embeddings - self._mean)
        small = np.sqrt(reduced) * unit(whole @ self._lda - self._shift)
        return (small - self._center) @ self._transform.T


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors [n, D], each scaled to length 1."""
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
