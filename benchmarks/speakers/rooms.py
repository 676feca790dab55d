"""What a room, a telephone, noise and music do to speech."""

from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, fftconvolve, resample_poly, sosfilt

from pipeline.audio import SAMPLE_RATE

LEVEL = 2_000.0  # of speech, in units of a 16 bit sample
FIRST_REFLECTION = 0.004  # seconds after the direct sound
DECAY = np.log(1_000)  # to a thousandth, 60 dB, in the reverberation time
TELEPHONE = butter(4, [300, 3_400], "bandpass", fs=SAMPLE_RATE, output="sos")
DULL = butter(1, 4_000, "lowpass", fs=SAMPLE_RATE, output="sos")  # walls swallow what is high
HUM = butter(1, 500, "lowpass", fs=SAMPLE_RATE, output="sos")  # what rooms rustle with


@dataclass(frozen=True)
class Place:
    """Where people talk."""

    reverberation: float = 0.0  # seconds until an echo is 60 dB lower
    distances: tuple[float, float] = (0.5, 0.5)  # metres from the microphone
    noise: float = 35.0  # dB below speech
    music: float | None = None  # dB below speech
    telephone: bool = False


PLACES = {
    "dry": Place(),
    "desk": Place(reverberation=0.3, distances=(0.4, 1.0), noise=30),
    "room": Place(reverberation=0.5, distances=(0.8, 3.0), noise=22),
    "hall": Place(reverberation=0.8, distances=(1.0, 3.5), noise=25),
    "telephone": Place(telephone=True, noise=28),
    "noise": Place(reverberation=0.3, distances=(0.5, 1.5), noise=12),
    "music": Place(reverberation=0.2, distances=(0.4, 1.0), noise=30, music=14),
}


def impulse_response(place: Place, distance: float, chance: np.random.Generator) -> np.ndarray:
    """From a mouth to the microphone, FP64 [N]: the direct sound, then echoes that die away.

    The echoes of a room of the size that such a reverberation time belongs to are as loud as
    the direct sound at a distance of about half a metre over it.
    """
    if not place.reverberation:
        return np.ones(1)
    length = round(place.reverberation * SAMPLE_RATE)
    times = np.arange(length) / SAMPLE_RATE
    echoes = chance.standard_normal(length) * np.exp(-DECAY * times / place.reverberation)
    echoes[times < FIRST_REFLECTION] = 0
    echoes = sosfilt(DULL, echoes)
    critical = 0.45 / place.reverberation  # metres
    echoes *= distance / critical / np.sqrt((echoes**2).sum())
    echoes[0] = 1
    return echoes


def reverberated(speech: np.ndarray, response: np.ndarray) -> np.ndarray:
    """Speech, FP64 [N], through an impulse response; as long and as loud."""
    heard = fftconvolve(speech, response)[: len(speech)]
    before, after = np.sqrt((speech**2).mean()), np.sqrt((heard**2).mean())
    return heard * before / max(after, 1e-9)


def recorded(
    speech: np.ndarray, place: Place, music: np.ndarray, chance: np.random.Generator
) -> np.ndarray:
    """The microphone's INT16 [N], with what else is heard; ``music`` is at least as long."""
    noise = chance.standard_normal(len(speech))
    noise = noise / 3 + sosfilt(HUM, noise)
    mixed = speech + LEVEL * 10 ** (-place.noise / 20) * noise / noise.std()
    if place.music is not None:
        played = music[: len(speech)].astype(np.float64)
        mixed += LEVEL * 10 ** (-place.music / 20) * played / (played.std() + 1)
    if place.telephone:
        mixed = _over_a_line(mixed)
    return np.clip(mixed, -32_768, 32_767).astype(np.int16)


def _over_a_line(speech: np.ndarray) -> np.ndarray:
    """300 to 3400 Hz, and the 256 steps of μ-law at 8 kHz."""
    narrow = resample_poly(sosfilt(TELEPHONE, speech), 1, 2) / 32_768
    companded = np.sign(narrow) * np.log1p(255 * np.abs(narrow).clip(max=1)) / np.log(256)
    stepped = np.round(companded * 127) / 127
    return (
        resample_poly(np.sign(stepped) * np.expm1(np.abs(stepped) * np.log(256)) / 255, 2, 1)[
            : len(speech)
        ]
        * 32_768
    )
