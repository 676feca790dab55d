"""ECAPA-TDNN in ONNX Runtime, for CPUs."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from pipeline.audio import to_float
from pipeline.diarization.masks import resample
from pipeline.diarization.networks.ecapa import (
    CHECKPOINT,
    DIMENSION,
    MEL_BANDS,
    MIN_SAMPLES,
    frames_around,
    is_alone,
)
from pipeline.diarization.networks.filterbank import Filterbank
from pipeline.diarization.networks.int8.weights import frame_level
from pipeline.diarization.networks.sessions import open_graph
from pipeline.hardware import give_memory_back
from pipeline.weights.checkpoints import read_tensors
from pipeline.workers import Workers


class OnnxEcapa:
    """SpeechBrain's network (Desplanques et al., 2020), pooled by masks.

    Its frame-level layers multiply in eight bits (:mod:`pipeline.diarization.networks.int8`).
    """

    def __init__(self, folder: Path, cores: int = 1) -> None:
        """Load ``embedding_model.ckpt`` from the folder.

        Raises:
            ValueError: it is not the checkpoint of this network.
        """
        tensors = read_tensors(folder / CHECKPOINT)
        self._workers = Workers(cores)
        self._features = Filterbank(MEL_BANDS)
        self._frames = open_graph("ecapa_frames", frame_level(tensors), cores)
        self._pooling = open_graph("ecapa_pooling", tensors, self._workers.threads)
        del tensors
        give_memory_back()

    def __call__(self, audio: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """Embed each mask of one stretch of audio.

        Args:
            audio: INT16 [N] at 16 kHz.
            masks: UINT8 [P, F], 1 where the frame belongs to the embedding; the F
                frames share the stretch evenly.

        Returns:
            FP32 [P, 192]; a mask without frames and audio below 40 ms give NaN.
        """
        embeddings = np.full((len(masks), DIMENSION), np.nan, np.float32)
        if len(audio) < MIN_SAMPLES:
            return embeddings
        features = self._features(to_float(audio))
        masks = resample(masks, len(features)).astype(bool)
        heard = np.flatnonzero(masks.any(axis=0))  # half of the work is for these alone
        spoken = np.flatnonzero(masks.any(axis=1))
        if len(spoken):
            begin, end = frames_around(len(features), is_alone(len(audio)))
            inputs = {
                "features": (features - _means(features, begin, end)).T[None],
                "begin": begin,
                "end": end,
                "chosen": heard,
            }
            frames, shared = self._frames.run(["frames", "shared"], inputs)
            chosen = [np.flatnonzero(masks[row, heard]) for row in spoken]
            embeddings[spoken] = self._workers.map(
                partial(self._pool_each, frames, shared), chosen, len
            )
            del inputs, frames, shared
            give_memory_back()  # 100 MB after a stretch of 39 s, within 13 ms
        return embeddings

    def _pool_each(
        self, frames: np.ndarray, shared: np.ndarray, chosen: Sequence[np.ndarray]
    ) -> list[np.ndarray]:
        """The embedding [192] of each choice of frames; one worker's share of them."""
        inputs = {"frames": frames, "shared": shared}
        return [
            self._pooling.run(["embedding"], inputs | {"chosen": each})[0][0] for each in chosen
        ]


def _means(features: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The mean of the frames around each, as FP32 [T, C]."""
    sums = np.pad(features, ((1, 0), (0, 0))).cumsum(axis=0, dtype=np.float64)
    return ((sums[end] - sums[begin]) / (end - begin)[:, None]).astype(np.float32)
