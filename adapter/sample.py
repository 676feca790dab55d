"""A real recording that comes with an installed package."""

from importlib.util import find_spec
from pathlib import Path


def sample_recording() -> Path:
    """Thirty seconds of two people on a telephone line (WAV), as pyannote.audio ships them.

    ``sample.rttm`` beside it says who speaks when, ``sample.stm`` who says what.
    """
    return Path(find_spec("pyannote.audio").origin).parent / "sample" / "sample.wav"
