"""What tests of every kind use."""

import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from adapter.embedded.sample import sample_recording


@pytest.fixture(scope="session")
def sample() -> Path:
    """Thirty seconds of two people on a telephone line; the truth is beside it (.rttm, .stm)."""
    return sample_recording()


@pytest.fixture(scope="session")
def sample_audio(sample: Path) -> np.ndarray:
    """The sample's INT16 [480000] at 16 kHz."""
    with wave.open(str(sample)) as recording:
        return np.frombuffer(recording.readframes(recording.getnframes()), np.int16)


@pytest.fixture
def no_lazy_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hypothesis looks into all modules; SpeechBrain's lazy ones then import what is missing."""
    for name, module in list(sys.modules.items()):
        if any(kind.__name__ == "LazyModule" for kind in type(module).__mro__):
            monkeypatch.delitem(sys.modules, name)
