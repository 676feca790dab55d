"""Local speakers are put together as pyannote does it, and as many as were asked for."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from pyannote.audio.pipelines.clustering import AgglomerativeClustering

from pipeline.diarization import clustering
from pipeline.diarization.agglomerative import Agglomerative
from pipeline.diarization.clustering import Bounds, cluster
from pipeline.diarization.reconstruction import SILENT
from pipeline.options import MAX_SPEAKERS
from tests.unit.pipeline.diarization import stock


def voices(sizes: list[int], spread: float, seed: int = 0) -> np.ndarray:
    """Embeddings [sum of sizes, 16] around as many random voices."""
    chance = np.random.default_rng(seed)
    centres = chance.normal(size=(len(sizes), 16))
    return np.repeat(centres, sizes, axis=0) + spread * chance.normal(size=(sum(sizes), 16))


def conversation(embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Windows with one local speaker each: embeddings [W, 3, D] and activity."""
    activity = np.zeros((len(embeddings), 589, 3), np.uint8)
    activity[:, :400, 1] = 1
    placed = np.full((len(embeddings), 3, embeddings.shape[1]), np.nan, np.float32)
    placed[:, 1] = embeddings
    return placed, activity


def stock_clusters(
    method: Agglomerative, embeddings: np.ndarray, activity: np.ndarray, bounds: Bounds
) -> np.ndarray:
    theirs = AgglomerativeClustering(metric="cosine").instantiate(
        {
            "method": "centroid",
            "threshold": method.threshold,
            "min_cluster_size": method.min_cluster_size,
        }
    )
    exact = bounds.least if bounds.least == bounds.most else None
    hard, _, _ = theirs(embeddings, stock.windows(activity), exact, bounds.least, bounds.most)
    return np.where(activity.any(axis=1), hard, SILENT)


def same_partition(ours: np.ndarray, theirs: np.ndarray) -> bool:
    pairs = set(zip(ours.ravel(), theirs.ravel(), strict=True))
    return len(pairs) == len(np.unique(ours)) == len(np.unique(theirs))


@pytest.mark.parametrize("spread", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("bounds", [Bounds(), Bounds(2, 2), Bounds(5, 6), Bounds(1, 2)])
@pytest.mark.parametrize("seed", range(3))
def test_clusters_are_pyannotes(spread: float, bounds: Bounds, seed: int) -> None:
    embeddings, activity = conversation(voices([40, 30, 30, 4], spread, seed))
    method = Agglomerative(threshold=0.7, min_cluster_size=12)
    ours, _ = cluster(embeddings, activity, bounds, method)
    theirs = stock_clusters(method, embeddings, activity, bounds)
    if len(np.unique(theirs)) - 1 < bounds.least:  # ours then tries smaller clusters
        assert len(np.unique(ours)) - 1 >= len(np.unique(theirs)) - 1
    else:
        assert same_partition(ours, theirs)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 7])
def test_as_many_clusters_as_were_asked_for(number: int) -> None:
    embeddings, activity = conversation(voices([30, 30, 2], 0.3))
    method = Agglomerative(threshold=0.7, min_cluster_size=12)
    clusters, centroids = cluster(embeddings, activity, Bounds(number, number), method)
    assert len(centroids) == number
    assert set(clusters[:, 1]) == set(range(number))


def test_a_long_recording_is_clustered_on_a_part_of_its_embeddings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    embeddings, activity = conversation(voices([500, 300, 200], 0.3))
    method = Agglomerative(threshold=0.7, min_cluster_size=12)
    whole, _ = cluster(embeddings, activity, Bounds(), method)
    monkeypatch.setattr(clustering, "MAX_TRAINING", 100)
    assert same_partition(cluster(embeddings, activity, Bounds(), method)[0], whole)


def test_of_a_part_of_the_embeddings_fewer_make_a_cluster() -> None:
    embeddings = voices([60, 13, 7], 0.1)
    method = Agglomerative(threshold=0.7, min_cluster_size=12)
    for share, number in ((1.0, 2), (0.5, 3)):
        centroids, _ = method(embeddings, share, Bounds())
        assert len(centroids) == number


def test_silent_speakers_and_those_without_an_embedding() -> None:
    embeddings, activity = conversation(voices([5], 0.1))
    embeddings[2] = np.nan
    activity[4] = 0
    method = Agglomerative(threshold=0.7, min_cluster_size=12)
    clusters, centroids = cluster(embeddings, activity, Bounds(), method)
    assert clusters[:, 1].tolist() == [0, 0, 0, 0, SILENT]
    assert np.isfinite(centroids).all()


def test_speech_without_any_embedding_is_one_speaker() -> None:
    embeddings, activity = conversation(voices([3], 0.1))
    clusters, centroids = cluster(
        np.full_like(embeddings, np.nan), activity, Bounds(), Agglomerative(0.7, 12)
    )
    assert set(clusters[:, 1]) == {0}
    assert len(centroids) == 0


def test_where_a_method_says_so_two_in_one_window_are_two_people() -> None:
    one, other = np.eye(2)
    heard = np.array([[one, one + 0.4 * other], [other, one]], np.float32)
    activity = np.ones((2, 589, 2), np.uint8)
    centroids = np.stack([one, other])
    for exclusive, expected in ((True, [[0, 1], [1, 0]]), (False, [[0, 0], [1, 0]])):
        clusters, _ = cluster(
            heard, activity, Bounds(), lambda *_, exclusive=exclusive: (centroids, exclusive)
        )
        assert clusters.tolist() == expected


def test_of_three_in_a_window_with_two_voices_one_has_none_left() -> None:
    heard = np.array([[[1, 0], [0, 1], [1, 0.9]]], np.float32)
    clusters, _ = cluster(
        heard, np.ones((1, 589, 3), np.uint8), Bounds(), lambda *_: (np.eye(2), True)
    )
    assert clusters.tolist() == [[0, 1, SILENT]]


def test_who_has_no_embedding_takes_no_voice_from_those_who_have() -> None:
    heard = np.array([[[np.nan] * 2, [1, 0], [1, 0]], [[1, 0], [1, 0], [np.nan] * 2]], np.float32)
    clusters, _ = cluster(
        heard, np.ones((2, 589, 3), np.uint8), Bounds(), lambda *_: (np.eye(2), True)
    )
    assert [sorted(window) for window in clusters.tolist()] == [[SILENT, 0, 1]] * 2
    assert clusters[0, 0] == clusters[1, 2] == SILENT


def test_bounds_are_those_of_the_request() -> None:
    assert Bounds.of(None, None, None) == Bounds(1, 50)
    assert Bounds.of(None, 2, 4) == Bounds(2, 4)
    assert Bounds.of(3, 2, 4) == Bounds(3, 3)
    assert Bounds(2, 5).within(3) == Bounds(2, 3)
    assert Bounds(2, 5).within(0) == Bounds(1, 1)


def test_those_who_hardly_speak_alone_make_no_clusters() -> None:
    activity = np.zeros((3, 589, 2), np.uint8)
    activity[:, :200, 0] = 1
    activity[:2, 300:400, 1] = 1  # too short by 1 s
    activity[2, 300:418, 1] = 1
    asked = []

    def find(embeddings: np.ndarray, share: float, bounds: Bounds) -> tuple[np.ndarray, bool]:
        asked.append((embeddings[:, 0].tolist(), share))
        return embeddings[:1], False

    heard = np.arange(1, 7, dtype=np.float32).reshape(3, 2, 1) + np.zeros(2, np.float32)
    cluster(heard, activity, Bounds(), find)
    assert asked == [([1, 3, 5, 6], 1.0)]


def test_where_no_number_is_given_any_number_from_one_to_fifty_will_do() -> None:
    assert Bounds.of(None, None, None) == Bounds() == Bounds(1, MAX_SPEAKERS)


def test_no_bounds_ask_for_more_than_are_ever_told_apart() -> None:
    assert Bounds(60, 70).within(1000) == Bounds(50, 50)
    assert Bounds(1, 70).within(1000) == Bounds(1, 50)


@pytest.mark.parametrize("bounds", [Bounds(), Bounds(50, 50), Bounds(60, 1000)])
def test_however_many_voices_differ_there_are_at_most_fifty(bounds: Bounds) -> None:
    embeddings, activity = conversation(voices([12] * 60, 0.05))
    method = Agglomerative(threshold=0.7, min_cluster_size=12)
    clusters, centroids = cluster(embeddings, activity, bounds, method)
    assert len(centroids) == 50
    assert set(clusters[:, 1]) == set(range(50))


def test_of_a_very_long_recording_no_single_embedding_is_a_cluster() -> None:
    """Nobody sounds like anybody else: as 12 h of noise might."""
    embeddings = np.random.default_rng(0).normal(size=(400, 192))
    method = Agglomerative(threshold=0.75, min_cluster_size=12)
    centroids, _ = method(embeddings, 0.05, Bounds())
    assert len(centroids) == 1
    voice = embeddings[:1] + 0.1 * np.random.default_rng(1).normal(size=(3, 192))
    centroids, _ = method(np.concatenate([embeddings, voice, -voice]), 0.05, Bounds())
    assert len(centroids) == 2


def test_long_recordings_are_clustered_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clustering, "LONG", 10)
    at_work, most = [], []

    def find(embeddings: np.ndarray, share: float, bounds: Bounds) -> tuple[np.ndarray, bool]:
        at_work.append(None)
        most.append(len(at_work))
        time.sleep(0.01)
        at_work.pop()
        return embeddings[:1], False

    recordings = [conversation(voices([20], 0.1)) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda each: cluster(*each, Bounds(), find), recordings))
    assert most == [1] * 4


def test_windows_join_their_clusters_in_blocks_as_they_do_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    embeddings, activity = conversation(voices([40, 30, 30], 0.5))
    embeddings[::7] = np.nan
    method = Agglomerative(threshold=0.7, min_cluster_size=12)
    at_once, _ = cluster(embeddings, activity, Bounds(), method)
    monkeypatch.setattr(clustering, "BLOCK", 9)
    np.testing.assert_array_equal(cluster(embeddings, activity, Bounds(), method)[0], at_once)
