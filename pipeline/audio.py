"""PCM as it travels through the graph: mono, 16 kHz, 16 bits."""

from dataclasses import dataclass

import numpy as np

SAMPLE_RATE = 16_000  # Hz; what Whisper, wav2vec2, Silero and pyannote's networks were trained on
INT16_SCALE = 32_768.0  # full scale of a 16 bit sample


@dataclass(frozen=True)
class Span:
    """A stretch of the recording, in samples."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


def to_float(pcm: np.ndarray) -> np.ndarray:
    """Scale INT16 samples to float32 in [-1, 1), as ``whisperx.load_audio`` does."""
    return pcm.astype(np.float32) / INT16_SCALE


def seconds(samples: int) -> float:
    """The length in seconds of so many samples."""
    return samples / SAMPLE_RATE
