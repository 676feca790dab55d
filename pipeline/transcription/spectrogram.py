"""Whisper's log-mel spectrogram (openai/whisper, ``audio.py``), in single precision.

The silence behind a short chunk is not transformed: what it comes to is known.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from scipy.fft import rfft

from pipeline.audio import SAMPLE_RATE, to_float
from pipeline.transcription.chunking import CHUNK_SAMPLES

N_FFT = 400  # samples of one frame, 25 ms
HOP = 160  # samples between frames, 10 ms
FRAMES = CHUNK_SAMPLES // HOP
SMALLEST = 1e-10  # power that counts as silence
RANGE = 8.0  # decades under the loudest that are kept

# Frames of silence that the encoder hears behind a chunk.  Whisper was trained on 30 s, of which
# each frame costs the same: with less behind it, text loses its capitals or runs into a loop.
MARGIN = 800
LENGTH_STEP = 500  # frames; few lengths, so that chunks of like lengths share batches

_WINDOW = np.hanning(N_FFT + 1)[:-1].astype(np.float32)


def frames_heard(samples: int) -> int:
    """How many frames of a chunk's spectrogram the encoder hears: its audio and a margin."""
    wanted = -(-samples // HOP) + MARGIN
    return min(-(-wanted // LENGTH_STEP) * LENGTH_STEP, FRAMES)


class Spectrogram:
    """The front end of one Whisper."""

    def __init__(self, mels: int) -> None:
        self._filters = FeatureExtractor.get_mel_filters(SAMPLE_RATE, N_FFT, mels)
        self._filters = self._filters.astype(np.float32)

    def __call__(self, audio: np.ndarray) -> np.ndarray:
        """The spectrogram of a chunk.

        Args:
            audio: INT16 [samples] at 16 kHz, at most 30 s.

        Returns:
            float32 [mels, 3000], a frame for every 10 ms; silence behind the chunk.
        """
        # Frames are centred, the first one on the first sample, at which the audio is mirrored.
        padded = np.zeros(CHUNK_SAMPLES + N_FFT, np.float32)
        start = N_FFT // 2
        padded[start : start + len(audio)] = to_float(audio)
        padded[:start] = padded[start + 1 : N_FFT + 1][::-1]
        sounding = FRAMES
        if len(audio) + 2 * N_FFT < CHUNK_SAMPLES:
            sounding = (len(audio) + start) // HOP + 1
        frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP][:sounding]
        spectrum = rfft(frames * _WINDOW)
        power = spectrum.real**2 + spectrum.imag**2
        mel_power = np.zeros((len(self._filters), FRAMES), np.float32)
        mel_power[:, :sounding] = self._filters @ power.T
        logarithms = np.log10(np.maximum(mel_power, SMALLEST))
        np.maximum(logarithms, logarithms.max() - RANGE, out=logarithms)
        return (logarithms + 4.0) / 4.0


class FrontEnd:
    """Spectrograms of the chunks of a batch, beside what the network computes on its card.

    A chunk takes 27 ms on one core, and a card would idle for as long, eight times a batch.  On a
    CPU each worker makes those of its own share instead.
    """

    def __init__(self, mels: int, threads: int) -> None:
        """Args:
        mels: bands.
        threads: that make them ahead; with one they are made when they are asked for.
        """
        self._spectrogram = Spectrogram(mels)
        self._threads = ThreadPoolExecutor(threads, "features") if threads > 1 else None

    def begin(self, audio: np.ndarray) -> Callable[[], np.ndarray]:
        """What returns the spectrogram of a chunk, see :class:`Spectrogram`, once it is needed."""
        if self._threads is None:
            return partial(self._spectrogram, audio)
        return self._threads.submit(self._spectrogram, audio).result
