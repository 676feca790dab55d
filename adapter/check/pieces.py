"""What every network is asked about, cut out of the recording that the service is shown with."""

import wave

import numpy as np

from adapter.embedded.sample import sample_recording
from pipeline.audio import SAMPLE_RATE

SPEECH = ((6, 13), (13, 20))  # seconds of the recording: two people who talk
STRETCH = (6, 20)
MASK_RATE = 100  # frames a second


def cut() -> dict[str, np.ndarray]:
    """The pieces by the names of :mod:`pipeline.reference`.

    The last one of the chunks has nothing in it to hear.

    Raises:
        WeightsUnavailable: the recording is not in the cache, and cannot be fetched.
    """
    with wave.open(str(sample_recording())) as file:
        audio = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    spoken = [_between(audio, *times) for times in SPEECH]
    windows = [audio[start * SAMPLE_RATE :][: 10 * SAMPLE_RATE] for start in (5, 10, 15, 20)]
    stretch = _between(audio, *STRETCH)
    frames = np.arange((STRETCH[1] - STRETCH[0]) * MASK_RATE)
    halves = np.stack([frames < len(frames) // 2, frames >= len(frames) // 2])
    return {
        "chunks": np.stack([*spoken, np.zeros_like(spoken[0])]),
        "windows": np.stack(windows),
        "stretch": stretch,
        "masks": halves.astype(np.uint8),
    }


def _between(audio: np.ndarray, begin: int, end: int) -> np.ndarray:
    return audio[begin * SAMPLE_RATE : end * SAMPLE_RATE]
