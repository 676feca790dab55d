"""Who spoke when in one recording."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

import numpy as np

from documents import Turns
from pipeline.audio import seconds
from pipeline.diarization.clustering import Bounds, cluster
from pipeline.diarization.known_voices import recognise
from pipeline.diarization.masks import pooling_masks
from pipeline.diarization.pieces.cutting import Pieces, cut_block
from pipeline.diarization.pieces.telling import tell_apart
from pipeline.diarization.recipe import Recipe
from pipeline.diarization.reconstruction import speaker_frames, speaker_turns, speakers_at_once
from pipeline.diarization.stretches import Stretch, shared
from pipeline.diarization.windows import FRAMES, SPEAKERS, WINDOW, cut, window_starts
from pipeline.options import Options

Segment = Callable[[np.ndarray], Future]  # INT16 [160000] to UINT8 [589, 3]
Embed = Callable[[np.ndarray, np.ndarray], Future]  # INT16 [N], UINT8 [P, F] to FP32 [P, D]

AHEAD = 8  # blocks whose embeddings are awaited at once; their masks are kept until then


def diarize(
    audio: np.ndarray,
    options: Options,
    segment: Segment,
    embed: Embed,
    recipe: Recipe,
    exact: bool = False,
    ahead: int = AHEAD,
) -> Turns:
    """Find the speaker turns of a recording.

    Args:
        audio: INT16 [N], mono at 16 kHz.
        options: how many speakers there may be, and whether to return their embeddings.
        segment: sends a window to the segmentation network.
        embed: sends a stretch of audio and its masks to the embedding network.
        recipe: what belongs to these networks.
        exact: embed each window by itself, as pyannote does, rather than share the
            frame-level layers between overlapping windows.
        ahead: stretches that one recording may have with the embedding network at once.

    Returns:
        Turns without end before start, none after the recording's end; no turns
        where nobody speaks.

    Raises:
        Exception: whatever ``segment`` or ``embed`` failed with.
    """
    activity, embeddings, pieces = listen(audio, segment, embed, recipe, exact, ahead)
    return conclude(activity, embeddings, options, recipe, seconds(len(audio)), pieces)


def conclude(
    activity: np.ndarray,
    embeddings: np.ndarray,
    options: Options,
    recipe: Recipe,
    duration: float,
    pieces: Pieces | None = None,
) -> Turns:
    """Cluster what the networks heard, and put the windows together.

    Args:
        activity: UINT8 [W, 589, 3].
        embeddings: FP32 [W, 3, D], NaN where there is none.
        options: as above.
        recipe: as above.
        duration: seconds of the recording.
        pieces: of speech, with embeddings, where voices of windows are not enough.
    """
    if not activity.any():
        return Turns()
    bounds = Bounds.of(options.num_speakers, options.min_speakers, options.max_speakers)
    voices = pieces if recipe.apart and bounds.most > 1 else None
    # How many there are is asked of the pieces, which know more than the windows.
    told = Bounds() if voices else bounds
    clusters, centroids = cluster(embeddings, activity, told, recipe.find)
    at_once = speakers_at_once(activity, recipe.step)
    named = None
    if voices:
        clusters, named = tell_apart(
            activity, clusters, bounds, voices, recipe.apart, at_once, recipe.step
        )
        centroids = _voices(embeddings, clusters)
    at_once = np.minimum(at_once, bounds.most)
    frames = speaker_frames(activity, clusters, at_once, recipe.step, named)
    turns, speakers = speaker_turns(frames, duration, recipe.min_duration_off)
    recognised = recognise(centroids, options.known_voices, recipe.alike)
    names = {
        f"SPEAKER_{number:02d}": recognised[cluster]
        for number, cluster in enumerate(speakers)
        if cluster in recognised
    }
    if not options.return_speaker_embeddings:
        return Turns(turns=turns, names=names)
    return Turns(turns=turns, names=names, speaker_embeddings=_name(centroids, speakers))


def listen(
    audio: np.ndarray,
    segment: Segment,
    embed: Embed,
    recipe: Recipe,
    exact: bool = False,
    ahead: int = AHEAD,
) -> tuple[np.ndarray, np.ndarray, Pieces | None]:
    """Activity, UINT8 [W, 589, 3], embeddings, FP32 [W, 3, D], NaN where there is none, and pieces.

    No pieces where the recipe wants none.
    """
    starts = window_starts(len(audio), recipe.step)
    segmented = deque(segment(cut(audio, start, WINDOW)) for start in starts)
    activity = np.zeros((len(starts), FRAMES, SPEAKERS), np.uint8)
    found = _Embeddings(len(starts), ahead)
    make_stretches = recipe.exact if exact else shared
    for first in range(0, len(starts), recipe.shared_windows):
        block = activity[first : first + recipe.shared_windows]
        for row in block:
            row[:] = segmented.popleft().result()
        masks = pooling_masks(block, recipe.min_frames)
        if recipe.apart and not exact:
            pieces = cut_block(activity, first, len(block), len(audio), recipe.step)
            stretches = shared(audio, first, masks, recipe.step, pieces)
        else:
            stretches = make_stretches(audio, first, masks, recipe.step)
        found.expect([(each, embed(each.audio, each.masks)) for each in stretches])
    return activity, *found.all()


class _Embeddings:
    """The embeddings of local speakers, as they arrive."""

    def __init__(self, windows: int, ahead: int) -> None:
        self._windows = windows
        self._ahead = ahead
        self._values: np.ndarray | None = None
        self._pieces: list[tuple[Pieces, np.ndarray]] = []
        self._awaited: deque[list[tuple[Stretch, Future]]] = deque()

    def expect(self, block: list[tuple[Stretch, Future]]) -> None:
        self._awaited.append(block)
        if len(self._awaited) >= self._ahead:
            self._receive()

    def all(self) -> tuple[np.ndarray, Pieces | None]:
        while self._awaited:
            self._receive()
        if self._values is None:
            return np.zeros((self._windows, SPEAKERS, 0), np.float32), None
        return self._values, Pieces.joined(self._pieces) if self._pieces else None

    def _receive(self) -> None:
        for stretch, future in self._awaited.popleft():
            vectors = future.result()
            if self._values is None:
                shape = (self._windows, SPEAKERS, vectors.shape[1])
                self._values = np.full(shape, np.nan, np.float32)
            of_windows = len(stretch.windows)
            self._values[stretch.windows, stretch.speakers] = vectors[:of_windows]
            if stretch.pieces is not None:
                self._pieces.append((stretch.pieces, vectors[of_windows:]))


def _voices(embeddings: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """The mean embedding of each cluster, FP64 [K, D], NaN where it has none."""
    usable = ~np.isnan(embeddings).any(axis=2)
    voices = np.full((clusters.max() + 1, embeddings.shape[2]), np.nan)
    for each in np.unique(clusters[usable]):
        voices[each] = embeddings[usable & (clusters == each)].mean(axis=0, dtype=np.float64)
    return voices


def _name(centroids: np.ndarray, speakers: list[int]) -> dict[str, list[float]]:
    """Embeddings by speaker, without those that say nothing of him."""
    named = {
        f"SPEAKER_{number:02d}": centroids[speaker].tolist()
        for number, speaker in enumerate(speakers)
        if speaker < len(centroids)
    }
    return {
        name: vector
        for name, vector in named.items()
        if np.isfinite(vector).all() and np.any(vector)
    }
