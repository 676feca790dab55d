"""The networks of pyannote's community-1 on a CPU, from its checkpoints and without torch."""

from pathlib import Path

import numpy as np

from pipeline.diarization.masks import resample
from pipeline.diarization.networks.kaldi_features import FRAME, log_mel_energies
from pipeline.diarization.networks.segmentation import SIMULTANEOUS, SUBSETS, OnnxSegmentation
from pipeline.diarization.networks.sessions import open_graph
from pipeline.diarization.windows import SPEAKERS
from pipeline.hardware import give_memory_back
from pipeline.weights.checkpoints import read_tensors

CHECKPOINT = "pytorch_model.bin"
ONE_FRAME = 1e-8  # keeps the variance of one frame from being a division by zero, as in pyannote


def open_segmentation(folder: Path, cores: int) -> OnnxSegmentation:
    """The PyanNet (Bredin and Laurent, 2021) in the folder ``segmentation``.

    Raises:
        ValueError: it does not tell three local speakers apart, two of them at once, or is
            another network.
    """
    tensors = read_tensors(folder / CHECKPOINT)
    classes = tensors.get("classifier.bias", np.zeros(0))
    if len(classes) != len(SUBSETS):
        raise ValueError(f"{folder}: not for {SPEAKERS} speakers, {SIMULTANEOUS} at once")
    return OnnxSegmentation(open_graph("pyannet", tensors, threads=1), workers=cores)


class OnnxWeSpeaker:
    """The checkpoint in the folder ``embedding``, a ResNet34 (Wang et al., 2023).

    Its statistics are pooled by weights, so sharing the layers below between the
    speakers of one window changes nothing.
    """

    def __init__(self, folder: Path, cores: int = 1) -> None:
        """Load the network.

        Raises:
            ValueError: the folder holds another network.
        """
        tensors = read_tensors(folder / CHECKPOINT)
        self._frames = open_graph("wespeaker", tensors, cores)
        self._weight, self._bias = tensors["resnet.seg_1.weight"], tensors["resnet.seg_1.bias"]
        del tensors
        give_memory_back()

    def __call__(self, audio: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """Embed each mask of one stretch of audio.

        Args:
            audio: INT16 [N] at 16 kHz.
            masks: UINT8 [P, F], 1 where the frame belongs to the embedding; the F
                frames share the stretch evenly.

        Returns:
            FP32 [P, 256]; a mask without frames and audio below 25 ms give NaN.
        """
        if len(audio) < FRAME:
            return np.full((len(masks), len(self._bias)), np.nan, np.float32)
        (layers,) = self._frames.run(None, {"features": log_mel_energies(audio)[None]})
        frames = layers.reshape(-1, layers.shape[-1])
        embeddings = _pool(frames, resample(masks, frames.shape[1])) @ self._weight.T + self._bias
        embeddings[~masks.any(axis=1)] = np.nan
        del layers, frames
        give_memory_back()
        return embeddings


def _pool(frames: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Mean and deviation of the frames [D, T] in each mask [P, T], FP32 [P, 2 * D].

    Unbiased as in pyannote.  Squares are summed in double precision, in which nothing is lost
    by subtracting the mean afterwards, for all masks at once.
    """
    values, weights = frames.T.astype(np.float64), masks.astype(np.float64)
    count = np.maximum(weights.sum(axis=1, keepdims=True), ONE_FRAME)
    sums = weights @ values
    variance = (weights @ values**2 - sums**2 / count) / (count - 1 + ONE_FRAME)
    return np.hstack([sums / count, np.sqrt(np.maximum(variance, 0))]).astype(np.float32)
