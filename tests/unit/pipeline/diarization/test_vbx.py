"""community-1's clustering answers as pyannote and scikit-learn compute it."""

from pathlib import Path

import numpy as np
import pytest
from pyannote.audio.core.plda import PLDA
from pyannote.audio.utils.vbx import cluster_vbx
from scipy.cluster.vq import kmeans2
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from pipeline.diarization import k_means as k_means_module
from pipeline.diarization import vbx
from pipeline.diarization.clustering import Bounds
from pipeline.diarization.k_means import k_means
from pipeline.diarization.plda import Plda, unit
from pipeline.diarization.vbx import Vbx, speaker_responsibilities

DIMENSION, REDUCED = 256, 128


@pytest.fixture(scope="module")
def plda_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PLDA like those that are trained: skewed, shifted, its variances in no order."""
    folder = tmp_path_factory.mktemp("plda")
    chance = np.random.default_rng(3)
    np.savez(
        folder / "xvec_transform.npz",
        mean1=chance.normal(size=DIMENSION),
        mean2=0.1 * chance.normal(size=REDUCED),
        lda=chance.normal(size=(DIMENSION, REDUCED)),
    )
    np.savez(
        folder / "plda.npz",
        mu=0.1 * chance.normal(size=REDUCED),
        tr=np.eye(REDUCED) + 0.03 * chance.normal(size=(REDUCED, REDUCED)),
        psi=chance.permutation(np.geomspace(20, 0.01, REDUCED)),
    )
    return folder


def voices(speakers: int, each: int, spread: float, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings [speakers * each, 256] in random order, and who each is of."""
    chance = np.random.default_rng(seed)
    truth = chance.permutation(np.repeat(np.arange(speakers), each))
    centers = chance.normal(size=(speakers, DIMENSION))
    return centers[truth] + spread * chance.normal(size=(len(truth), DIMENSION)), truth


def inertia(points: np.ndarray, labels: np.ndarray) -> float:
    """What k-means makes small."""
    return sum(
        np.square(points[labels == label] - points[labels == label].mean(axis=0)).sum()
        for label in np.unique(labels)
    )


def test_plda_equals_pyannotes(plda_folder: Path) -> None:
    theirs = PLDA(plda_folder / "xvec_transform.npz", plda_folder / "plda.npz")
    ours = Plda(plda_folder)
    embeddings, _ = voices(4, 10, spread=0.5)
    np.testing.assert_allclose(ours.phi, theirs.phi, rtol=1e-6)
    # An eigenvector's sign is anybody's choice.
    found, expected = np.abs(ours(embeddings)), np.abs(theirs(embeddings))
    np.testing.assert_allclose(found, expected, atol=1e-6 * expected.max())


def test_a_pickle_is_no_plda(plda_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "plda.npz").write_bytes((plda_folder / "plda.npz").read_bytes())
    poisoned = np.array([print], dtype=object)
    np.savez(tmp_path / "xvec_transform.npz", mean1=poisoned, mean2=poisoned, lda=poisoned)
    with pytest.raises(ValueError, match="pickle"):
        Plda(tmp_path)


@pytest.mark.parametrize(
    ("spread", "clusters"), [(0.3, 3), (1.0, 12), (3.0, 30), (6.0, 12), (1.0, 1)]
)
@pytest.mark.parametrize(("fa", "fb"), [(0.07, 0.8), (0.3, 6.0), (1.0, 1.0)])
def test_responsibilities_equal_pyannotes(
    plda_folder: Path, spread: float, clusters: int, fa: float, fb: float
) -> None:
    plda = Plda(plda_folder)
    embeddings, truth = voices(3, 40, spread)
    chance = np.random.default_rng(1)
    first = np.unique(truth + 3 * chance.integers(0, clusters, len(truth)), return_inverse=True)[1]
    features = plda(embeddings)
    ours = speaker_responsibilities(features, plda.phi, first, fa, fb)
    theirs = cluster_vbx(first, features, plda.phi, Fa=fa, Fb=fb, maxIters=20)
    for found, expected in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(("asked", "exclusive"), [(3, True), (2, False), (5, False)])
def test_as_many_speakers_as_are_asked_for(
    community_folder: Path, asked: int, exclusive: bool
) -> None:
    embeddings, _ = voices(3, 40, spread=0.3)
    clustering = Vbx(community_folder / "plda", threshold=0.6, fa=0.07, fb=0.8)
    centroids, exclusively = clustering(
        embeddings, 1.0, Bounds(asked, asked), np.arange(len(embeddings))
    )
    assert len(centroids) == asked
    assert exclusively == exclusive


@pytest.mark.parametrize(("most", "clusters"), [(1000, 60), (60, 60), (20, 20)])
def test_of_voices_that_all_differ_no_more_are_started_from(
    community_folder: Path, monkeypatch: pytest.MonkeyPatch, most: int, clusters: int
) -> None:
    started_from = []

    def watch(features: np.ndarray, phi: np.ndarray, first: np.ndarray, *rest: float) -> tuple:
        started_from.append(first)
        return speaker_responsibilities(features, phi, first, *rest)

    monkeypatch.setattr(vbx, "speaker_responsibilities", watch)
    monkeypatch.setattr(vbx, "MAX_CLUSTERS", most)
    embeddings = np.random.default_rng(0).normal(size=(60, DIMENSION))
    Vbx(community_folder / "plda", threshold=0.6, fa=0.07, fb=0.8)(
        embeddings, 1.0, Bounds(), np.arange(len(embeddings))
    )
    (first,) = started_from
    assert sorted(set(first)) == list(range(clusters))


@pytest.mark.parametrize("speakers", [2, 3, 7, 12])
@pytest.mark.parametrize("seed", range(5))
def test_k_means_finds_those_who_are_far_apart(speakers: int, seed: int) -> None:
    embeddings, truth = voices(speakers, 15, 0.4, seed)
    found = k_means(unit(embeddings), speakers)
    theirs = KMeans(speakers, n_init=3, random_state=42).fit_predict(unit(embeddings))
    assert adjusted_rand_score(found, truth) == adjusted_rand_score(found, theirs) == 1


@pytest.mark.parametrize("number", [2, 5, 9])
@pytest.mark.parametrize("seed", range(4))
def test_k_means_is_as_good_as_scikit_learns(number: int, seed: int) -> None:
    points = np.random.default_rng(seed).normal(size=(300, 8))
    theirs = KMeans(number, n_init=3, random_state=42).fit(points).inertia_
    assert inertia(points, k_means(points, number)) <= 1.02 * theirs


def test_k_means_always_answers_alike() -> None:
    points = np.random.default_rng(0).normal(size=(200, 16))
    np.testing.assert_array_equal(k_means(points, 6), k_means(points, 6))


def test_k_means_of_as_many_clusters_as_points() -> None:
    points = np.random.default_rng(0).normal(size=(9, 16))
    assert sorted(k_means(points, 9)) == list(range(9))


def test_k_means_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []

    def step(*arguments: object, **options: object) -> tuple[np.ndarray, np.ndarray]:
        steps.append(None)
        return kmeans2(*arguments, **options)

    monkeypatch.setattr(k_means_module, "kmeans2", step)
    points = np.random.default_rng(0).normal(size=(500, 8))
    k_means(points, 9)
    assert len(steps) > 3 * (1 + 4)
    steps.clear()
    monkeypatch.setattr(k_means_module, "MAX_ITERATIONS", 4)
    assert len(np.unique(k_means(points, 9))) == 9
    assert len(steps) == 3 * (1 + 4)


def test_k_means_of_equal_points() -> None:
    assert len(np.unique(k_means(np.ones((6, 4)), 3))) == 1
