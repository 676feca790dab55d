"""The networks of pyannote's community-1 in torch, for CUDA."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from pyannote.audio import Model
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.embedding import WeSpeakerResNet34
from pyannote.audio.models.segmentation import PyanNet

from pipeline.audio import SAMPLE_RATE, to_float
from pipeline.diarization.masks import resample
from pipeline.diarization.networks.community_onnx import CHECKPOINT
from pipeline.diarization.networks.segmentation import SIMULTANEOUS, SUBSETS
from pipeline.diarization.windows import SPEAKERS, WINDOW
from pipeline.weights.checkpoints import read_tensors
from pipeline.workers import Workers


class TorchSegmentation:
    """The checkpoint in the folder ``segmentation``."""

    def __init__(self, folder: Path, device: str = "cpu", cores: int = 1) -> None:
        """Load the network.

        Raises:
            ValueError: it does not tell three local speakers apart, two of them at once.
        """
        # In the precision of the CPU; see TorchPyanNet.
        torch.backends.cudnn.allow_tf32 = False
        self._network = _load(folder, pyannet(), device)
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
        self._network = _load(folder, WeSpeakerResNet34(), device)

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


def pyannet() -> PyanNet:
    """With the four layers of LSTM that segmentation-3.0 and community-1 have."""
    network = PyanNet(lstm={"num_layers": 4})
    network.specifications = Specifications(
        problem=Problem.MONO_LABEL_CLASSIFICATION,
        resolution=Resolution.FRAME,
        duration=WINDOW / SAMPLE_RATE,
        classes=[str(speaker) for speaker in range(SPEAKERS)],
        powerset_max_classes=SIMULTANEOUS,
        permutation_invariant=True,
    )
    network.build()
    return network


def _load(folder: Path, network: Model, device: str) -> Model:
    """Give a network the tensors of a checkpoint; what else its pickle says is left alone."""
    tensors = read_tensors(folder / CHECKPOINT)
    if isinstance(network, PyanNet) and len(tensors.get("classifier.bias", ())) != len(SUBSETS):
        raise ValueError(f"{folder}: not for {SPEAKERS} speakers, {SIMULTANEOUS} at once")
    own = network.state_dict()
    if misfits := sorted(
        name
        for name, tensor in own.items()
        if name not in tensors or tensors[name].shape != tuple(tensor.shape)
    ):
        raise ValueError(f"{folder}: another network, {misfits[0]} does not fit")
    network.load_state_dict({name: torch.tensor(tensors[name]) for name in own})
    return network.to(torch.device(device)).eval()
