"""What tests of every kind use."""

from pathlib import Path

import pytest

from adapter.sample import sample_recording


@pytest.fixture(scope="session")
def sample() -> Path:
    """Thirty seconds of two people on a telephone line; the truth is beside it (.rttm, .stm)."""
    return sample_recording()
