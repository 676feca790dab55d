"""Which local speakers are active in each frame of a window."""

import sys
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import onnxruntime

from pipeline.audio import to_float
from pipeline.diarization.networks.sessions import session_options
from pipeline.diarization.windows import SPEAKERS
from pipeline.workers import Workers

SIMULTANEOUS = 2  # local speakers who may speak at once

# On a CPU. More would need memory that costs more to get than they save.
WINDOWS_AT_ONCE = 2

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
    """A PyanNet in ONNX Runtime: segmentation-3.0 from its file, or whichever is open."""

    def __init__(
        self,
        session: onnxruntime.InferenceSession,
        workers: int,
        windows_at_once: int = WINDOWS_AT_ONCE,
    ) -> None:
        """Have workers compute so many windows of a batch at once each."""
        self._session = session
        self._input = session.get_inputs()[0].name
        self._at_once = windows_at_once
        # The steps of an LSTM wait for each other, and so would threads that share them.
        self._workers = Workers(workers, most_threads=1)

    @classmethod
    def from_file(cls, file: Path, device: str = "cpu", cores: int = 1) -> "OnnxSegmentation":
        """Open an ONNX file.

        Args:
            file: with weights.
            device: ``cpu`` or ``cuda``; without ONNX Runtime's CUDA build always the CPU.
            cores: of the CPU.
        """
        providers: list[str | tuple[str, dict]] = ["CPUExecutionProvider"]
        on_card = device != "cpu" and "CUDAExecutionProvider" in (
            onnxruntime.get_available_providers()
        )
        if on_card:
            providers.insert(0, ("CUDAExecutionProvider", {}))
        session = onnxruntime.InferenceSession(str(file), session_options(1), providers=providers)
        return cls(session, 1, sys.maxsize) if on_card else cls(session, cores)

    def __call__(self, windows: np.ndarray) -> np.ndarray:
        """Segment windows.

        Args:
            windows: INT16 [B, 160000].

        Returns:
            UINT8 [B, 589, 3], 1 where the local speaker is active.
        """
        return np.stack(self._workers.map(self._segment, windows, size=len))

    def _segment(self, windows: Sequence[np.ndarray]) -> list[np.ndarray]:
        """One worker's share."""
        segmented: list[np.ndarray] = []
        for first in range(0, len(windows), self._at_once):
            samples = to_float(np.stack(windows[first : first + self._at_once]))
            (scores,) = self._session.run(None, {self._input: samples[:, None]})
            segmented.extend(SUBSETS[scores.argmax(axis=2)])
        return segmented
