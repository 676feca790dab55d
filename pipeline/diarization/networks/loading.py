"""Load the pair of networks that the settings choose.

Each imports what it needs when it is chosen: torch costs 500 MB and pyannote
another 400 and ten seconds.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.hardware import set_torch_threads
from pipeline.settings import Settings
from pipeline.weights import community_folder, segmentation_file, speaker_embedding_folder

Segmentation = Callable[[np.ndarray], np.ndarray]  # INT16 [B, 160000] to UINT8 [B, 589, 3]
Embedding = Callable[[np.ndarray, np.ndarray], np.ndarray]  # INT16 [N], UINT8 [P, F] to FP32 [P, D]


def load_segmentation(settings: Settings) -> Segmentation:
    """community-1's where its weights may be had, else segmentation-3.0."""
    device, cores = settings.device_of("segmentation"), settings.cores_of("segmentation")
    folder = community_folder(settings)
    if device == "cpu":
        if folder is None:
            from pipeline.diarization.networks.segmentation import OnnxSegmentation

            return OnnxSegmentation.from_file(segmentation_file(settings), cores)
        from pipeline.diarization.networks.community_onnx import open_segmentation

        return open_segmentation(folder / "segmentation", cores)

    set_torch_threads(cores)
    if folder is None:
        from pipeline.diarization.networks.pyannet.segmentation import TorchPyanNet

        return TorchPyanNet(segmentation_file(settings), device, cores)
    from pipeline.diarization.networks.community_torch import TorchSegmentation

    return TorchSegmentation(folder / "segmentation", device, cores)


def load_embedding(settings: Settings) -> Embedding:
    """community-1's WeSpeaker where its weights may be had, else ECAPA."""
    device = settings.device_of("speaker_embedding")
    cores = settings.cores_of("speaker_embedding")
    folder = community_folder(settings)
    if device == "cpu":
        if folder is None:
            from pipeline.diarization.networks.ecapa_onnx import OnnxEcapa

            return OnnxEcapa(speaker_embedding_folder(settings), cores)
        from pipeline.diarization.networks.community_onnx import OnnxWeSpeaker

        return OnnxWeSpeaker(folder / "embedding", cores)

    set_torch_threads(cores)
    if folder is None:
        from pipeline.diarization.networks.ecapa_torch import TorchEcapa

        return TorchEcapa(speaker_embedding_folder(settings), device)
    from pipeline.diarization.networks.community_torch import WeSpeaker

    return WeSpeaker(folder / "embedding", device)
