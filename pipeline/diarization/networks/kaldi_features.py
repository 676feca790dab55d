"""Log mel energies as Kaldi computes them, for networks that were trained on those."""

import numpy as np

from pipeline.audio import SAMPLE_RATE

FRAME = SAMPLE_RATE * 25 // 1000  # samples in a frame
SHIFT = SAMPLE_RATE * 10 // 1000  # samples between the starts of two
SPECTRUM = 512  # the next power of two above FRAME
BANDS = 80
LOWEST = 20.0  # Hz, where the first band begins; the last ends at half the sample rate
PREEMPHASIS = np.float32(0.97)
HAMMING = np.hamming(FRAME).astype(np.float32)
FLOOR = np.finfo(np.float32).eps  # of a band's energy, so that silence has a logarithm


def log_mel_energies(audio: np.ndarray) -> np.ndarray:
    """The filterbank of Kaldi (Povey et al., 2011) as WeSpeaker uses it, around its mean.

    No dither, no frames that reach past the end, Hamming windows; 16 bit samples keep
    their scale, as Kaldi takes them.

    Args:
        audio: INT16 [N] at 16 kHz, at least one frame of 400 samples.

    Returns:
        FP32 [1 + (N - 400) // 160, 80], each band less its mean over the frames.
    """
    frames = np.lib.stride_tricks.sliding_window_view(audio, FRAME)[::SHIFT].astype(np.float32)
    frames -= frames.mean(axis=1, keepdims=True)
    emphasised = np.empty_like(frames)
    emphasised[:, 0] = frames[:, 0] * (1 - PREEMPHASIS)
    emphasised[:, 1:] = frames[:, 1:] - PREEMPHASIS * frames[:, :-1]
    spectrum = np.fft.rfft(emphasised * HAMMING, SPECTRUM)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    energies = np.log(np.maximum(power @ MEL_BANDS, FLOOR))
    return energies - energies.mean(axis=0)


def _mel_bands() -> np.ndarray:
    """Triangles of equal width in mel, FP32 [SPECTRUM // 2 + 1, BANDS]."""
    frequencies = np.arange(SPECTRUM // 2 + 1) * SAMPLE_RATE / SPECTRUM
    edges = np.linspace(_mel(LOWEST), _mel(SAMPLE_RATE / 2), BANDS + 2)
    left, middle, right = edges[:-2], edges[1:-1], edges[2:]
    mel = _mel(frequencies)[:, None]
    rising, falling = (mel - left) / (middle - left), (right - mel) / (right - middle)
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


def _mel(hertz: np.ndarray | float) -> np.ndarray:
    return 1127 * np.log1p(np.asarray(hertz) / 700)


MEL_BANDS = _mel_bands()
