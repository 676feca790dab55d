"""Recordings with known truth, made from what is on the machine.

Phone calls of any length are cuts of pyannote's sample, one after the other:
real speech whose turns are known.  Conversations with a known text are spoken
by flite's voices where flite is installed.
"""

import shutil
import subprocess
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from adapter.embedded.sample import sample_recording
from benchmarks.audio.dialogue import LINES
from pipeline.audio import SAMPLE_RATE

SHORTEST_CUT, LONGEST_CUT = 10.0, 30.0  # seconds
SPOKEN = (6.5, 10.0)  # start and length, in seconds, of a lively part of the sample
VOICES = ("rms", "slt", "awb")
PAUSE = 0.4  # seconds between lines of a conversation


@dataclass(frozen=True)
class Recording:
    """A WAV file with its truth; times in seconds."""

    path: Path
    turns: list[tuple[float, float, str]]  # start, end, speaker
    text: str | None = None

    @property
    def samples(self) -> np.ndarray:
        """INT16 [N]."""
        return read_wav(self.path)

    @property
    def seconds(self) -> float:
        """How long it is."""
        with wave.open(str(self.path)) as file:
            return file.getnframes() / file.getframerate()


def read_wav(path: Path) -> np.ndarray:
    """The samples of a mono WAV file, INT16 [N] at 16 kHz."""
    with wave.open(str(path)) as file:
        if file.getframerate() != SAMPLE_RATE:
            raise ValueError(f"{path} is not at {SAMPLE_RATE} Hz")
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def write_wav(path: Path, samples: np.ndarray) -> None:
    """Write INT16 [N] at 16 kHz."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.tobytes())


def sample() -> Recording:
    """Thirty seconds of two people on a telephone line, as pyannote ships them."""
    path = sample_recording()
    turns = []
    for line in path.with_suffix(".rttm").read_text(encoding="utf-8").splitlines():
        fields = line.split()
        start = float(fields[3])
        turns.append((start, start + float(fields[4]), fields[7]))
    spoken = [line.split(maxsplit=5)[5] for line in _lines(path.with_suffix(".stm"))]
    return Recording(path, turns, " ".join(spoken))


def phone_call(folder: Path, seconds: float, speech: float = 1.0) -> Recording:
    """Cuts of the sample, one after the other; the same for the same arguments.

    Args:
        seconds: how long it shall be.
        speech: the share of cuts that are kept; the others are digital silence.
    """
    source = sample()
    audio = source.samples
    chance = np.random.default_rng(round(seconds))
    pieces: list[np.ndarray] = []
    turns: list[tuple[float, float, str]] = []
    missing = round(seconds * SAMPLE_RATE)
    at = 0.0
    while missing > 0:
        length = min(round(chance.uniform(SHORTEST_CUT, LONGEST_CUT) * SAMPLE_RATE), missing)
        first = int(chance.integers(0, max(len(audio) - length, 0) + 1))
        if chance.random() < speech:
            pieces.append(audio[first : first + length])
            turns += _crop(source.turns, first / SAMPLE_RATE, length / SAMPLE_RATE, at)
        else:
            pieces.append(np.zeros(length, np.int16))
        missing -= length
        at += length / SAMPLE_RATE
    path = folder / f"phone-{seconds:.0f}-{speech:.2f}.wav"
    write_wav(path, np.concatenate(pieces))
    return Recording(path, turns)


def part(folder: Path, recording: Recording, start: float, seconds: float) -> Recording:
    """A stretch of a recording."""
    first = round(start * SAMPLE_RATE)
    samples = recording.samples[first : first + round(seconds * SAMPLE_RATE)]
    path = folder / f"{recording.path.stem}-from-{start:.1f}-{seconds:.0f}.wav"
    write_wav(path, samples)
    return Recording(path, _crop(recording.turns, start, seconds, 0.0))


def rotations(folder: Path, count: int) -> list[Recording]:
    """The sample beginning at different places: as long, and no two alike."""
    source = sample()
    made = []
    for number in range(count):
        shift = number * len(source.samples) // count
        path = folder / f"rotated-{number}-of-{count}.wav"
        write_wav(path, np.roll(source.samples, -shift))
        made.append(Recording(path, []))
    return made


def conversation(folder: Path, lines: int = len(LINES)) -> Recording | None:
    """A dialogue between flite's voices; ``None`` where flite or a voice is missing.

    Args:
        lines: how many of :data:`LINES`, some five seconds each.
    """
    flite = shutil.which("flite")
    if flite is None:
        return None
    known = subprocess.run([flite, "-lv"], capture_output=True, encoding="utf-8").stdout.split()
    if not set(VOICES) <= set(known):
        return None
    pieces, turns, at = [], [], PAUSE
    with tempfile.TemporaryDirectory() as spoken:
        for number, line in enumerate(LINES[:lines]):
            voice = VOICES[number % len(VOICES)]
            path = Path(spoken, "line.wav")
            subprocess.run([flite, "-voice", voice, "-t", line, "-o", path], check=True)
            samples = read_wav(path)
            pieces += [np.zeros(round(PAUSE * SAMPLE_RATE), np.int16), samples]
            turns.append((at, at + len(samples) / SAMPLE_RATE, voice))
            at += len(samples) / SAMPLE_RATE + PAUSE
    path = folder / f"conversation-{lines}.wav"
    write_wav(path, np.concatenate(pieces))
    return Recording(path, turns, " ".join(LINES[:lines]))


def _crop(
    turns: list[tuple[float, float, str]], start: float, seconds: float, at: float
) -> list[tuple[float, float, str]]:
    """The turns of a stretch, in the time of a recording that it is put into."""
    inside = [(max(b, start), min(e, start + seconds), who) for b, e, who in turns]
    return [(at + b - start, at + e - start, who) for b, e, who in inside if e > b]


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()
