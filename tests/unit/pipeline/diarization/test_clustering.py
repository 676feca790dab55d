"""Local speakers of one person are put together, and as many as were asked for."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

from pipeline.diarization import agglomerative, clustering
from pipeline.diarization.agglomerative import Agglomerative, average_linkage
from pipeline.diarization.clustering import Bounds, cluster
from pipeline.diarization.plda import unit
from pipeline.diarization.reconstruction import SILENT
from pipeline.options import MAX_SPEAKERS


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


def same_partition(ours: np.ndarray, theirs: np.ndarray) -> bool:
    pairs = set(zip(ours.ravel(), theirs.ravel(), strict=True))
    return len(pairs) == len(np.unique(ours)) == len(np.unique(theirs))


def found(
    embeddings: np.ndarray,
    windows: np.ndarray,
    threshold: float = 0.7,
    bounds: Bounds | None = None,
) -> int:
    """How many people there seem to be."""
    method = Agglomerative(threshold, min_cluster_size=12)
    return len(method(embeddings, 1.0, bounds or Bounds(), windows)[0])


def two_alike(cosine: float, each: int) -> np.ndarray:
    """Embeddings [2 * each, 16] of two voices that are as alike as this."""
    one, other = np.eye(16)[:2]
    pair = np.stack([one, cosine * one + (1 - cosine**2) ** 0.5 * other])
    noise = np.random.default_rng(0).normal(size=(2 * each, 16))
    return np.repeat(pair, each, axis=0) + 0.02 * noise


def test_voices_that_are_heard_together_are_two_people_however_alike() -> None:
    alike = two_alike(0.5, 20)
    apart, together = np.arange(40), np.tile(np.arange(20), 2)
    assert found(alike, apart) == 1
    assert found(alike, together) == 2
    assert found(two_alike(0.05, 20), apart) == 2


def test_who_is_told_apart_in_few_windows_is_one_person() -> None:
    """Where the segmentation takes noise for somebody, say."""
    windows = np.concatenate([np.arange(20), [0, 1, 2], np.arange(20, 37)])
    assert found(two_alike(0.5, 20), windows) == 1


def test_embeddings_that_are_all_but_the_same_are_one_person_even_in_one_window() -> None:
    assert found(two_alike(0.95, 20), np.tile(np.arange(20), 2)) == 1


def test_clusters_are_as_far_apart_as_their_embeddings_in_the_mean() -> None:
    """Those of a wide cluster, in opposite directions, are not taken for their narrow mean."""
    angles = np.radians([-40] * 12 + [40] * 12)
    wide = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    narrow = np.tile([0.8, 0.0, 0.6], (24, 1))
    embeddings = np.concatenate([wide, narrow])
    # In the wide one 1 - cos 80 degrees, 0.83; between both 1 - 0.8 cos 40 degrees, 0.39.
    assert found(embeddings, np.arange(48), threshold=0.38) == 3
    assert found(embeddings, np.arange(48), threshold=0.41) == 2
    assert found(embeddings, np.arange(48), threshold=0.62) == 1


@pytest.mark.parametrize("spread", [0.5, 0.9, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_higher_threshold_never_finds_more_people(spread: float, seed: int) -> None:
    embeddings = voices([40, 30, 30, 4], spread, seed)
    windows = np.random.default_rng(seed).integers(0, 60, len(embeddings))
    thresholds = np.arange(0.05, 2, 0.05)
    numbers = [
        len(Agglomerative(each, 1)(embeddings, 1.0, Bounds(), windows)[0]) for each in thresholds
    ]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] > 3
    assert numbers[-1] == 1


@pytest.mark.parametrize("spread", [0.2, 0.5, 2.0])
@pytest.mark.parametrize("number", [1, 2, 3, 5, 9, 104])
def test_a_given_number_is_met_whatever_the_threshold(spread: float, number: int) -> None:
    embeddings = voices([40, 30, 30, 4], spread)
    windows = np.random.default_rng(1).integers(0, 60, len(embeddings))
    for threshold in (0.05, 0.7, 1.9):
        assert found(embeddings, windows, threshold, Bounds(number, number)) == number


def test_who_says_little_is_more_of_a_person_than_half_of_another() -> None:
    """Of 40 embeddings of each of two, and four of a third."""
    embeddings = voices([40, 40, 4], 0.3)
    method = Agglomerative(0.7, min_cluster_size=12)
    assert found(embeddings, np.arange(84)) == 2
    centroids, _ = method(embeddings, 1.0, Bounds(3, 3), np.arange(84))
    each = np.stack([part.mean(axis=0) for part in np.split(embeddings, [40, 80])])
    np.testing.assert_allclose(centroids[np.argsort(centroids[:, 0])], each[np.argsort(each[:, 0])])


def test_bounds_are_met_next_to_the_threshold() -> None:
    embeddings, windows = voices([40, 30, 30], 0.3), np.arange(100)
    assert found(embeddings, windows) == 3
    assert found(embeddings, windows, bounds=Bounds(1, 2)) == 2
    assert found(embeddings, windows, bounds=Bounds(2, 5)) == 3
    assert found(embeddings, windows, bounds=Bounds(4, 6)) == 4


def test_of_hardly_alike_embeddings_no_more_than_so_many_are_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    embeddings = voices([30, 30], 0.7)
    assert found(embeddings, np.arange(60)) == 2
    monkeypatch.setattr(agglomerative, "MAX_GROUPS", 5)
    assert found(embeddings, np.arange(60)) == 2
    assert found(embeddings, np.arange(60), bounds=Bounds(7, 7)) == 7


def test_two_voices_that_were_heard_once_each_are_two_where_two_are_asked_for() -> None:
    embeddings, activity = conversation(voices([1, 1], 0))
    method = Agglomerative(threshold=0.7, min_cluster_size=12)
    clusters, centroids = cluster(embeddings, activity, Bounds(2, 2), method)
    assert len(centroids) == 2
    assert set(clusters[:, 1]) == {0, 1}


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


def test_a_part_of_a_long_recording_is_one_of_whole_windows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So that it is known who was heard together."""
    monkeypatch.setattr(clustering, "MAX_TRAINING", 60)
    chance = np.random.default_rng(0)
    heard = chance.normal(size=(300, 2, 4)).astype(np.float32)
    activity = np.zeros((300, 589, 2), np.uint8)
    activity[:, :200, 0] = activity[:, 300:500, 1] = 1
    asked = []

    def find(embeddings, share, bounds, windows) -> tuple[np.ndarray, bool]:
        asked.append((share, windows))
        return embeddings[:1], False

    cluster(heard, activity, Bounds(), find)
    ((share, windows),) = asked
    assert share == 0.1
    np.testing.assert_array_equal(windows[::2], windows[1::2])
    assert len(np.unique(windows)) == 30
    assert (windows.min(), windows.max()) == (0, 299)


def test_of_a_part_of_the_embeddings_fewer_make_a_cluster() -> None:
    embeddings = voices([60, 13, 7], 0.1)
    method = Agglomerative(threshold=0.7, min_cluster_size=12)
    for share, number in ((1.0, 2), (0.5, 3)):
        centroids, _ = method(embeddings, share, Bounds(), np.arange(len(embeddings)))
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

    def find(embeddings, share, bounds, windows) -> tuple[np.ndarray, bool]:
        asked.append((embeddings[:, 0].tolist(), share, windows.tolist()))
        return embeddings[:1], False

    heard = np.arange(1, 7, dtype=np.float32).reshape(3, 2, 1) + np.zeros(2, np.float32)
    cluster(heard, activity, Bounds(), find)
    assert asked == [([1, 3, 5, 6], 1.0, [0, 1, 2, 2])]


def test_where_no_number_is_given_any_number_from_one_to_fifty_will_do() -> None:
    assert Bounds.of(None, None, None) == Bounds() == Bounds(1, MAX_SPEAKERS)


def test_no_bounds_ask_for_more_than_are_ever_told_apart() -> None:
    assert Bounds(60, 70).within(1000) == Bounds(50, 50)
    assert Bounds(1, 70).within(1000) == Bounds(1, 50)


@pytest.mark.parametrize("bounds", [Bounds(), Bounds(50, 50), Bounds(60, 1000)])
def test_however_many_voices_differ_there_are_at_most_fifty(bounds: Bounds) -> None:
    embeddings, activity = conversation(voices([12] * 60, 0.05))
    method = Agglomerative(threshold=0.1, min_cluster_size=12)
    clusters, centroids = cluster(embeddings, activity, bounds, method)
    assert len(centroids) == 50
    assert set(clusters[:, 1]) == set(range(50))


def test_of_a_very_long_recording_no_single_embedding_is_a_cluster() -> None:
    """Nobody sounds like anybody else: as 12 h of noise might."""
    embeddings = np.random.default_rng(0).normal(size=(400, 192))
    method = Agglomerative(threshold=0.75, min_cluster_size=12)
    centroids, _ = method(embeddings, 0.05, Bounds(), np.arange(400))
    assert len(centroids) == 1
    voice = embeddings[:1] + 0.1 * np.random.default_rng(1).normal(size=(3, 192))
    embeddings = np.concatenate([embeddings, voice, -voice])
    centroids, _ = method(embeddings, 0.05, Bounds(), np.arange(406))
    assert len(centroids) == 2


def test_long_recordings_are_clustered_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clustering, "LONG", 10)
    at_work, most = [], []

    def find(embeddings: np.ndarray, *_: object) -> tuple[np.ndarray, bool]:
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


@pytest.mark.parametrize("sizes", [[1, 1], [2, 1], [40, 30, 1], [150, 200, 20, 130]])
@pytest.mark.parametrize("spread", [0.1, 0.8, 3.0])
def test_linkage_is_scipys(sizes: list[int], spread: float) -> None:
    directions = unit(voices(sizes, spread))
    ours = average_linkage(directions)
    theirs = linkage(directions, method="average", metric="cosine")
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_linkage_of_what_is_said_twice_finds_the_same_clusters() -> None:
    """Where distances are equal, any order of the merges is as good."""
    directions = unit(np.repeat(voices([20, 20, 20], spread=0.4), 3, axis=0))
    ours = average_linkage(directions)
    theirs = linkage(directions, method="average", metric="cosine")
    np.testing.assert_allclose(ours[:, 2], theirs[:, 2], atol=1e-12)
    for threshold in (0.01, 0.2, 0.4, 0.7):
        labels = (fcluster(tree, threshold, "distance") for tree in (ours, theirs))
        assert same_partition(*labels)
