"""The samples that Triton's models take."""

import wave
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16_000  # Hz

Samples = npt.NDArray[np.int16]
Audio = npt.NDArray[Any] | str | Path


def samples_of(audio: Audio) -> Samples:
    """INT16 [N], mono PCM at 16 kHz.

    Args:
        audio: such an array, or the path of such a WAV file.

    Raises:
        ValueError: this is no such audio.
        OSError: the file cannot be read.
    """
    pcm = audio if isinstance(audio, np.ndarray) else read_wav(audio)
    if pcm.dtype != np.int16 or pcm.ndim != 1 or not pcm.size:
        raise ValueError("audio: give a one-dimensional array of INT16 samples")
    return np.ascontiguousarray(pcm)


def read_wav(path: str | Path) -> Samples:
    """The samples of a WAV file, INT16 [N].

    Raises:
        ValueError: it is not 16 bit mono PCM at 16 kHz.
        OSError: it cannot be read.
    """
    try:
        with wave.open(str(path)) as file:
            shape = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            if shape != (SAMPLE_RATE, 1, 2):
                raise ValueError(f"{path} is not 16 bit mono PCM at {SAMPLE_RATE} Hz")
            return np.frombuffer(file.readframes(file.getnframes()), np.int16)
    except (wave.Error, EOFError) as error:
        raise ValueError(f"{path} is not a WAV file: {error}") from None
