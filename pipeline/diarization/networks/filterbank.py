"""The features that SpeechBrain's ECAPA-TDNN was trained on."""

import numpy as np

from pipeline.audio import SAMPLE_RATE

FFT = 400  # samples, 25 ms
HOP = 160  # samples, 10 ms
FLOOR = 1e-10  # of power
RANGE = 80.0  # dB below the loudest band of the audio, where the rest is cut off


class Filterbank:
    """The power in mel bands, as SpeechBrain's ``Fbank`` computes it."""

    def __init__(self, bands: int) -> None:
        self._window = np.hamming(FFT + 1)[:-1].astype(np.float32)  # periodic
        self._filters = _triangles(bands).astype(np.float32)

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """Mel bands in dB.

        Args:
            samples: FP32 [N], N > 0.

        Returns:
            FP32 [1 + N // 160, bands], frames centred on every 160th sample.
        """
        padded = np.pad(samples, FFT // 2)
        frames = np.lib.stride_tricks.sliding_window_view(padded, FFT)[::HOP]
        spectrum = np.fft.rfft(frames * self._window)
        power = (spectrum.real**2 + spectrum.imag**2) @ self._filters
        decibels = 10 * np.log10(np.maximum(power, FLOOR))
        return np.maximum(decibels, decibels.max() - RANGE)


def _triangles(bands: int) -> np.ndarray:
    """Filters [201, bands]; each falls as steeply to its right as it rises on its left."""
    mel = np.linspace(0, 2595 * np.log10(1 + SAMPLE_RATE / 2 / 700), bands + 2)
    hertz = 700 * (10 ** (mel / 2595) - 1)
    frequencies = np.linspace(0, SAMPLE_RATE // 2, FFT // 2 + 1)
    slope = (frequencies[:, None] - hertz[1:-1]) / np.diff(hertz)[:-1]
    return np.maximum(0, 1 - np.abs(slope))
