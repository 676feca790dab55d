"""Sounds in which nobody speaks, INT16 at 16 kHz, made anew in every run."""

from collections.abc import Callable

import numpy as np

from pipeline.audio import SAMPLE_RATE

SECONDS = 12
COUNT = SECONDS * SAMPLE_RATE
TIME = np.arange(COUNT) / SAMPLE_RATE
CHORDS = ((220.0, 277.2, 329.6), (196.0, 246.9, 293.7), (174.6, 220.0, 261.6))  # A, G, F


def _noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(COUNT)


def _coloured(power: float) -> np.ndarray:
    """Noise whose amplitude falls with this power of the frequency."""
    frequencies = np.fft.rfftfreq(COUNT, 1 / SAMPLE_RATE)
    frequencies[0] = frequencies[1]
    return np.fft.irfft(np.fft.rfft(_noise()) / frequencies**power, COUNT)


def _hits(every: float, hit: Callable[[int, np.ndarray], np.ndarray]) -> np.ndarray:
    """One hit after another, in seconds; each is given its number and its times."""
    length = round(every * SAMPLE_RATE)
    times = np.arange(length) / SAMPLE_RATE
    return np.concatenate([hit(i, times) for i in range(COUNT // length)])


def _harmonics(frequency: float | np.ndarray, count: int) -> np.ndarray:
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(frequency, COUNT)) / SAMPLE_RATE
    return sum(np.sin(k * phase) / k for k in range(1, count + 1))


def _chord(number: int, times: np.ndarray) -> np.ndarray:
    notes = CHORDS[number // 2 % len(CHORDS)]
    ringing = [np.sin(2 * np.pi * f * k * times) / k**1.5 for f in notes for k in range(1, 7)]
    return sum(ringing) * np.exp(-3 * times)


def _drum(number: int, times: np.ndarray) -> np.ndarray:
    if number % 4 == 0:
        return 2 * np.sin(2 * np.pi * (60 + 80 * np.exp(-30 * times)) * times) * np.exp(-12 * times)
    noise = np.random.default_rng(number).standard_normal(len(times))
    return noise * np.exp(-(20 if number % 4 == 2 else 60) * times)


def _applause() -> np.ndarray:
    """Two hundred hands a second, each at its own time."""
    random = np.random.default_rng(3)
    clap = np.exp(-np.arange(400) / 60)
    sound = np.zeros(COUNT + len(clap))
    for start in random.integers(0, COUNT, 200 * SECONDS):
        sound[start : start + len(clap)] += clap * random.standard_normal(len(clap))
    return sound[:COUNT]


def _clap(number: int, times: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(number).standard_normal(len(times))
    return noise * np.exp(-50 * times)


SOUNDS: dict[str, Callable[[], np.ndarray]] = {
    "silence": lambda: np.zeros(COUNT),
    "white noise": _noise,
    "pink noise": lambda: _coloured(0.5),
    "wind": lambda: _coloured(1.0) * (0.3 + np.abs(np.sin(TIME))),
    "stuck tone": lambda: np.sin(2 * np.pi * 1000 * TIME),
    "square tone": lambda: np.sign(np.sin(2 * np.pi * 440 * TIME)),
    "50 Hz hum": lambda: _harmonics(50.0, 8),
    "hum and hiss": lambda: _harmonics(50.0, 8) + 0.3 * _noise(),
    "chords": lambda: _hits(0.5, _chord),
    "drums": lambda: _hits(0.25, _drum),
    "a band": lambda: _hits(0.5, _chord) + _hits(0.25, _drum),
    "a violin": lambda: _harmonics(392.0 * (1 + 0.01 * np.sin(2 * np.pi * 5.5 * TIME)), 20),
    "applause": _applause,
    "claps": lambda: _hits(0.5, _clap),
    "busy line": lambda: np.sin(2 * np.pi * 425 * TIME) * (TIME % 1 < 0.5),
    "siren": lambda: _harmonics(800 + 400 * np.sin(np.pi * TIME), 2),
}


def sound(name: str, level: float = 0.1) -> np.ndarray:
    """One of the SOUNDS, INT16 [192000], with this root mean square of full scale."""
    samples = SOUNDS[name]()
    loudness = np.sqrt(np.mean(samples**2))
    scaled = samples / loudness * level if loudness else samples
    return (np.clip(scaled, -1, 1) * 32767).astype(np.int16)
