"""The networks of pyannote's community-1 in torch, for CUDA."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from pyannote.audio import Model

from pipeline.audio import to_float
from pipeline.diarization.masks import resample
from pipeline.diarization.networks.segmentation import SIMULTANEOUS, SUBSETS
from pipeline.diarization.windows import SPEAKERS
from pipeline.workers import Workers


class TorchSegmentation:
    """The checkpoint in the folder ``segmentation``."""

    def __init__(self, folder: Path, device: str = "cpu", cores: int = 1) -> None:
        """Load the network.

        Raises:
            ValueError: it does not tell three local speakers apart, two of them at once.
        """
        self._network = _load(folder, device)
        task = self._network.specifications
        if (len(task.classes), task.powerset_max_classes) != (SPEAKERS, SIMULTANEOUS):
            raise ValueError(f"{folder}: not for {SPEAKERS} speakers, {SIMULTANEOUS} at once")
        # Threads that wait for each other at every step of an LSTM take four times as long.
        self._workers = Workers(cores if device == "cpu" else 1)

    def __call__(self, windows: np.ndarray) -> np.ndarray:
        """Segment windows, INT16 [B, 160000] to UINT8 [B, 589, 3]."""
        return np.stack(self._workers.map(self._segment, windows, size=len))

    @torch.inference_mode()
    def _segment(self, windows: Sequence[np.ndarray]) -> list[np.ndarray]:
        torch.set_num_threads(self._workers.threads)
        samples = torch.from_numpy(to_float(np.stack(windows))[:, None])
        scores = self._network(samples.to(self._network.device))
        return list(SUBSETS[scores.argmax(dim=2).cpu().numpy()])


class WeSpeaker:
    """The checkpoint in the folder ``embedding``, a ResNet34.

    Its statistics are pooled by weights, so sharing the layers below between the
    speakers of one window changes nothing.
    """

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        """Load the network."""
        self._network = _load(folder, device)

    @torch.inference_mode()
    def __call__(self, audio: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """Embed each mask of one stretch of audio.

        Args:
            audio: INT16 [N] at 16 kHz.
            masks: UINT8 [P, F], 1 where the frame belongs to the embedding; the F
                frames share the stretch evenly.

        Returns:
            FP32 [P, 256]; a mask without frames gives NaN.
        """
        device = self._network.device
        frames = self._network.forward_frames(
            torch.from_numpy(to_float(audio)[None, None]).to(device)
        )
        weights = torch.from_numpy(resample(masks, frames.shape[-1]).astype(np.float32))
        pooled = self._network.forward_embedding(frames, weights=weights[None].to(device))
        embeddings = pooled[0].cpu().numpy()
        embeddings[~masks.any(axis=1)] = np.nan
        return embeddings


def _load(folder: Path, device: str) -> Model:
    with warnings.catch_warnings():
        # Lightning remarks on the version that wrote the checkpoint.
        warnings.simplefilter("ignore")
        return Model.from_pretrained(folder).to(torch.device(device)).eval()
