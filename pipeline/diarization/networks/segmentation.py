"""Which local speakers are active in each frame of a window."""

from itertools import combinations
from pathlib import Path

import numpy as np
import onnxruntime

from pipeline.audio import to_float
from pipeline.diarization.networks.sessions import session_options
from pipeline.diarization.windows import SPEAKERS

SIMULTANEOUS = 2  # local speakers who may speak at once

# The networks choose one subset of the speakers for each frame (Plaquet and Bredin, 2023):
# nobody, each alone, each pair.
SUBSETS = np.array(
    [
        [speaker in subset for speaker in range(SPEAKERS)]
        for size in range(SIMULTANEOUS + 1)
        for subset in combinations(range(SPEAKERS), size)
    ],
    np.uint8,
)


class OnnxSegmentation:
    """segmentation-3.0 in ONNX Runtime, on two cores 1.6 times as fast as in torch."""

    def __init__(self, file: Path, device: str = "cpu", threads: int = 0) -> None:
        """Load the network.

        Args:
            file: the ONNX file.
            device: ``cpu`` or ``cuda:0``, …; without ONNX Runtime's CUDA build always the CPU.
            threads: on the CPU; 0 leaves their number to ONNX Runtime.
        """
        providers: list[str | tuple[str, dict]] = ["CPUExecutionProvider"]
        if device != "cpu" and "CUDAExecutionProvider" in onnxruntime.get_available_providers():
            providers.insert(0, ("CUDAExecutionProvider", {"device_id": device.split(":")[1]}))
        self._session = onnxruntime.InferenceSession(
            str(file), session_options(threads), providers=providers
        )
        self._input = self._session.get_inputs()[0].name

    def __call__(self, windows: np.ndarray) -> np.ndarray:
        """Segment windows.

        Args:
            windows: INT16 [B, 160000].

        Returns:
            UINT8 [B, 589, 3], 1 where the local speaker is active.
        """
        (scores,) = self._session.run(None, {self._input: to_float(windows)[:, None]})
        return SUBSETS[scores.argmax(axis=2)]
