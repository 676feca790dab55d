"""A real recording that the service is shown to work with."""

from functools import partial
from pathlib import Path

from pipeline.settings import current_settings
from pipeline.weights.bundled import fetch_bundled
from pipeline.weights.cache import fetched_once
from pipeline.weights.catalog import SAMPLE


def sample_recording() -> Path:
    """Thirty seconds of two people on a telephone line (WAV), out of pyannote.audio's wheel.

    ``sample.rttm`` beside it says who speaks when, ``sample.stm`` who says what.

    Raises:
        WeightsUnavailable: it is not in the cache, and cannot be fetched.
    """
    cache = current_settings().cache_dir
    return fetched_once(cache / "sample", partial(fetch_bundled, SAMPLE)) / "sample.wav"
