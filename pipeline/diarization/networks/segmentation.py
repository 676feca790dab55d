"""Which local speakers are active in each frame of a window."""

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

# More would need memory that costs more to get than they save.
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
    """A PyanNet on a CPU: segmentation-3.0 from its file, or whichever is open."""

    def __init__(self, session: onnxruntime.InferenceSession, workers: int) -> None:
        """Have so many workers compute a batch."""
        self._session = session
        self._input = session.get_inputs()[0].name
        # The steps of an LSTM wait for each other, and so would threads that share them.
        self._workers = Workers(workers, most_threads=1)

    @classmethod
    def from_file(cls, file: Path, cores: int = 1) -> "OnnxSegmentation":
        """Open an ONNX file with weights."""
        providers = ["CPUExecutionProvider"]
        session = onnxruntime.InferenceSession(str(file), session_options(1), providers=providers)
        return cls(session, cores)

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
        for first in range(0, len(windows), WINDOWS_AT_ONCE):
            samples = to_float(np.stack(windows[first : first + WINDOWS_AT_ONCE]))
            (scores,) = self._session.run(None, {self._input: samples[:, None]})
            segmented.extend(SUBSETS[scores.argmax(axis=2)])
        return segmented
