"""Load the pair of networks that the settings choose.

Each imports what it needs when it is chosen: torch costs 500 MB and pyannote
another 400 and ten seconds.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np

from pipeline.settings import Settings
from pipeline.weights import community_folder, segmentation_file, speaker_embedding_folder

Segmentation = Callable[[np.ndarray], np.ndarray]  # INT16 [B, 160000] to UINT8 [B, 589, 3]
Embedding = Callable[[np.ndarray, np.ndarray], np.ndarray]  # INT16 [N], UINT8 [P, F] to FP32 [P, D]


def load_segmentation(settings: Settings, device_index: int = 0) -> Segmentation:
    """community-1's where its weights may be had, else segmentation-3.0."""
    device = _device(settings, device_index)
    folder = community_folder(settings)
    if folder is None:
        from pipeline.diarization.segmentation import OnnxSegmentation

        return OnnxSegmentation(segmentation_file(settings), device, settings.cores)
    from pipeline.diarization.community import TorchSegmentation

    _use_cores(settings)
    return TorchSegmentation(folder / "segmentation", device)


def load_embedding(settings: Settings, device_index: int = 0) -> Embedding:
    """community-1's WeSpeaker where its weights may be had, else ECAPA."""
    device = _device(settings, device_index)
    _use_cores(settings)
    folder = community_folder(settings)
    if folder is None:
        from pipeline.diarization.ecapa import Ecapa

        return Ecapa(speaker_embedding_folder(settings), device)
    from pipeline.diarization.community import WeSpeaker

    return WeSpeaker(folder / "embedding", device)


def _device(settings: Settings, index: int) -> str:
    return f"cuda:{index}" if settings.torch_device == "cuda" else "cpu"


def _use_cores(settings: Settings) -> None:
    # Threads that wait actively take the cores from the other leaves; with several leaves at
    # work on two cores this halves the time. Read once, when torch is first imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    torch.set_num_threads(settings.cores)
