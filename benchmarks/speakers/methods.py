"""Other ways to cluster the embeddings of windows, without pieces: how each came out.

``python -m benchmarks.speakers --methods`` prints it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.linalg import eigh

from benchmarks.speakers.listening import Heard
from benchmarks.speakers.scoring import score_turns
from pipeline.diarization.agglomerative import Agglomerative, cut_after
from pipeline.diarization.clustering import Bounds, means
from pipeline.diarization.diarize import conclude
from pipeline.diarization.k_means import k_means
from pipeline.diarization.plda import unit
from pipeline.diarization.recipe import ECAPA_MIN_CLUSTER_SIZE, ungated
from pipeline.diarization.vbx import MIN_PRIOR, speaker_responsibilities
from pipeline.diarization.windows import FRAMES, frame_middle
from pipeline.options import Options

Centroids = tuple[np.ndarray, bool]
NEIGHBOURS = (0.03, 0.05, 0.08, 0.12, 0.18, 0.25, 0.3)  # of all embeddings, that NME-SC tries
MOST = 8  # people whom its eigengap may tell
AFFINITIES = 1_500  # embeddings whose affinities are looked at
HEAD = "| clustering | number | DER, fold a | DER, fold b | number right, 1 to 4 |\n" + "| --- " * 5


def average(threshold: float) -> Callable[..., Centroids]:
    """Average linkage that does not heed who is heard together."""

    def find(embeddings, share: float, bounds: Bounds, windows) -> Centroids:
        alone = np.arange(len(embeddings))
        return Agglomerative(threshold, ECAPA_MIN_CLUSTER_SIZE)(embeddings, share, bounds, alone)

    return find


def cleaned(threshold: float) -> Callable[..., Centroids]:
    """Ours, and then each embedding's nearest centroid, and their means again."""

    def find(embeddings, share: float, bounds: Bounds, windows) -> Centroids:
        method = Agglomerative(threshold, ECAPA_MIN_CLUSTER_SIZE)
        centroids, exclusive = method(embeddings, share, bounds, windows)
        nearest = (unit(embeddings) @ unit(centroids).T).argmax(axis=1)
        if len(np.unique(nearest)) < len(centroids):
            return centroids, exclusive
        return means(unit(embeddings), nearest), exclusive

    return find


def exclusively(threshold: float) -> Callable[..., Centroids]:
    """Ours, but two local speakers of one window are never one person."""

    def find(embeddings, share: float, bounds: Bounds, windows) -> Centroids:
        method = Agglomerative(threshold, ECAPA_MIN_CLUSTER_SIZE)
        centroids, _ = method(embeddings, share, bounds, windows)
        return centroids, len(centroids) > 1

    return find


def nme_sc(embeddings, share: float, bounds: Bounds, windows) -> Centroids:
    """Spectral clustering by the normalised maximum eigengap (Park et al., 2020)."""
    if len(embeddings) > AFFINITIES:
        chosen = np.linspace(0, len(embeddings) - 1, AFFINITIES).round().astype(int)
        embeddings = embeddings[chosen]
    directions = unit(embeddings)
    count = len(directions)
    if count < 3 or bounds.most == 1:
        return embeddings.mean(axis=0, keepdims=True), False
    order = np.argsort(-(directions @ directions.T), axis=1)
    best = (np.inf, None, None)
    for near in sorted({max(2, int(count * each)) for each in NEIGHBOURS}):
        graph = np.zeros((count, count))
        np.put_along_axis(graph, order[:, :near], 1, axis=1)
        graph = (graph + graph.T) / 2
        values, vectors = eigh(np.diag(graph.sum(axis=1)) - graph)
        gaps = np.diff(values[: max(MOST, bounds.least) + 1])
        ratio = near / count / (gaps.max() / values[-1] + 1e-9)
        if ratio < best[0]:
            best = (ratio, gaps, vectors)
    _, gaps, vectors = best
    most = min(max(MOST, bounds.least), bounds.most, len(gaps))
    least = min(bounds.least, most)
    number = least + int(np.argmax(gaps[least - 1 : most]))
    return means(embeddings, k_means(vectors[:, :number], number)), False


class WhitenedVbx:
    """VBx (Landini et al., 2022) where embeddings of a person vary alike in all directions.

    What varies within people and between them is learnt of other people.
    """

    def __init__(self, embeddings: np.ndarray, people: np.ndarray, fa: float, fb: float) -> None:
        """Learn of FP64 [n, D] and who each is of, [n]."""
        self._mean, self._fa, self._fb = unit(embeddings).mean(axis=0), fa, fb
        centred = unit(unit(embeddings) - self._mean)
        places = np.unique(people, return_inverse=True)[1]
        centres = means(centred, places)
        within = np.cov((centred - centres[places]).T) + 1e-5 * np.eye(centred.shape[1])
        variances, vectors = eigh(np.cov(centres.T), within)
        kept = np.argsort(variances)[::-1][: len(centres) - 1]
        self._phi, self._space = np.maximum(variances[kept], 1e-6), vectors[:, kept]

    def __call__(self, embeddings, share: float, bounds: Bounds, windows) -> Centroids:
        """The mean embedding of each cluster, weighted by its responsibilities."""
        if len(embeddings) < 2:
            return embeddings, False
        tree = linkage(unit(embeddings), method="average", metric="cosine")
        first = fcluster(tree, 0.6, "distance")
        if first.max() > 300:
            first = cut_after(tree, len(tree) - 300)
        first = np.unique(first, return_inverse=True)[1]
        features = unit(unit(embeddings) - self._mean) @ self._space
        heard, priors = speaker_responsibilities(features, self._phi, first, self._fa, self._fb)
        kept = heard[:, priors > MIN_PRIOR]
        centroids = kept.T @ embeddings / kept.sum(axis=0)[:, None]
        number = int(np.clip(len(centroids), bounds.least, bounds.most))
        if number == len(centroids):
            return centroids, True
        return means(embeddings, k_means(unit(embeddings), number)), False


def labelled(heard: Sequence[Heard]) -> tuple[np.ndarray, np.ndarray]:
    """The embeddings of local speakers, and whose each is: whom it overlaps most."""
    vectors, people = [], []
    times = frame_middle(np.arange(FRAMES))
    for each in heard:
        names = sorted({turn.speaker for turn in each.talk.turns})
        for window, speaker in np.argwhere(~np.isnan(each.embeddings).any(axis=2)):
            active = times[each.activity[window, :, speaker] > 0] + window
            said = [
                sum(
                    ((active >= turn.start) & (active < turn.end)).sum()
                    for turn in each.talk.turns
                    if turn.speaker == name
                )
                for name in names
            ]
            vectors.append(each.embeddings[window, speaker])
            people.append(names[int(np.argmax(said))])
    return np.array(vectors, np.float64), np.array(people)


def table(heard: Sequence[Heard], thresholds: Sequence[float]) -> Iterator[str]:
    """The lines of the comparison."""
    folds = {fold: [each for each in heard if each.talk.plan.fold == fold] for fold in "ab"}
    vbx = {}
    for fa, fb in ((0.07, 0.8), (0.1, 5.0), (0.3, 17.0)):
        learnt = {fold: WhitenedVbx(*labelled(folds[fold]), fa, fb) for fold in "ab"}
        vbx[f"VBx, whitened, Fa {fa}, Fb {fb}"] = {"a": learnt["b"], "b": learnt["a"]}
    both = {
        **{f"average linkage, {each}": average(each) for each in thresholds},
        "NME-SC": nme_sc,
        **{f"ours, {each}": Agglomerative(each, ECAPA_MIN_CLUSTER_SIZE) for each in thresholds},
        "ours, 0.7, then a second pass": cleaned(0.7),
        "ours, 0.7, one person once in a window": exclusively(0.7),
    }
    yield HEAD + "|"
    methods = {name: dict.fromkeys("ab", find) for name, find in both.items()}
    for name, finds in {**methods, **vbx}.items():
        for given in (False, True):
            yield _line(name, finds, folds, given)


def _line(name: str, finds: dict, folds: dict[str, list[Heard]], given: bool) -> str:
    ders, right = [], []
    for fold, heard in folds.items():
        scores = []
        for each in heard:
            options = Options(num_speakers=each.people) if given else Options()
            pair = each.activity, each.embeddings
            recipe = replace(ungated(), find=finds[fold])
            turns = conclude(*pair, options, recipe, each.seconds).turns
            scores.append(score_turns(each.talk.turns, turns))
        ders.append(np.mean([score.der for score in scores]))
        right += [score.said == score.found for score in scores if score.said <= 4]
    number = "given" if given else "free"
    return f"| {name} | {number} | {ders[0]:.1%} | {ders[1]:.1%} | {np.mean(right):.0%} |"
