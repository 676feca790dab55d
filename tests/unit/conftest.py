"""What unit tests share: the real recording that pyannote.audio ships."""

import wave
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session")
def sample_audio() -> np.ndarray:
    """Thirty seconds of two people on the phone: INT16 [samples] at 16 kHz."""
    folder = Path(find_spec("pyannote.audio").origin).parent / "sample"
    with wave.open(str(folder / "sample.wav")) as recording:
        return np.frombuffer(recording.readframes(recording.getnframes()), np.int16)
