"""Choose from which similarity on a speaker is somebody whose voice is known.

``python -m benchmarks.known_voices VOICES`` takes a folder with a folder for each person, full
of recordings in any format FFmpeg reads.  The first half of each person's recordings gives
clips, the second half what is compared with them: alone, through a telephone, and in a room.

Prints how often a person is not recognised by a clip of the same person (false reject), and how
often by one of somebody else (false accept), for each threshold and length of the clips.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt

from pipeline.audio import SAMPLE_RATE
from pipeline.diarization.local import LocalDiarizer
from pipeline.options import Options
from pipeline.settings import current_settings
from tests.speech.media import read_audio

THRESHOLDS = np.arange(0.3, 0.66, 0.05)
CLIP_SECONDS = (2, 5, 10)
HEARD_SECONDS = (5, 15)
DRAWN = 2  # stretches of each length
ONE_VOICE = Options(num_speakers=1, return_speaker_embeddings=True)
TELEPHONE = butter(4, [300, 3400], "band", fs=SAMPLE_RATE, output="sos")
REVERBERATION = 0.4  # seconds
DECAY = 0.08  # seconds until it has fallen to 1 / e
DIRECT = 4.0  # how much louder the voice is than its reverberation

Condition = Callable[[np.ndarray], np.ndarray]


def _scaled(samples: np.ndarray) -> np.ndarray:
    return (samples * (16_000 / np.abs(samples).max())).astype(np.int16)


def telephone(samples: np.ndarray) -> np.ndarray:
    """What is left of a voice between 300 and 3400 Hz."""
    return _scaled(sosfilt(TELEPHONE, samples.astype(np.float64)))


def room(samples: np.ndarray) -> np.ndarray:
    """A voice with its reverberation."""
    times = np.arange(int(REVERBERATION * SAMPLE_RATE)) / SAMPLE_RATE
    response = np.random.default_rng(7).standard_normal(len(times)) * np.exp(-times / DECAY)
    response /= DIRECT * np.linalg.norm(response)
    response[0] = 1
    return _scaled(fftconvolve(samples.astype(np.float64), response)[: len(samples)])


CONDITIONS: dict[str, Condition] = {"alone": _scaled, "telephone": telephone, "room": room}


def embeddings(
    diarizer: LocalDiarizer, samples: np.ndarray, lengths: tuple[int, ...], seed: int
) -> Iterator[tuple[int, np.ndarray]]:
    """Unit vectors of stretches of these lengths in seconds, with the length."""
    chance = np.random.default_rng(seed)
    for seconds in lengths:
        length = seconds * SAMPLE_RATE
        for _ in range(DRAWN):
            start = int(chance.integers(0, max(len(samples) - length, 1)))
            heard = diarizer(samples[start : start + length], ONE_VOICE).speaker_embeddings
            for vector in heard.values():
                yield seconds, np.array(vector) / np.linalg.norm(vector)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("voices", type=Path)
    folders = sorted(parser.parse_args().voices.iterdir())
    diarizer = LocalDiarizer.load(current_settings())
    clips, heard = [], []  # person, length of the clip, vector
    for person, folder in enumerate(folders):
        recordings = [read_audio(path) for path in sorted(folder.iterdir())]
        half = len(recordings) // 2
        for condition in CONDITIONS.values():
            first = condition(np.concatenate(recordings[:half]))
            second = condition(np.concatenate(recordings[half:]))
            clips += [(person, *e) for e in embeddings(diarizer, first, CLIP_SECONDS, person)]
            heard += [(person, *e) for e in embeddings(diarizer, second, HEARD_SECONDS, person)]
    who = np.array([person for person, _, _ in heard])
    voices = np.stack([vector for _, _, vector in heard])
    print("| clip | " + " | ".join(f"{threshold:.2f}" for threshold in THRESHOLDS) + " |")
    print("| --- |" + " --- |" * len(THRESHOLDS))
    for seconds in CLIP_SECONDS:
        same, other = [], []
        for person, length, vector in clips:
            if length == seconds:
                similarity = voices @ vector
                same += similarity[who == person].tolist()
                other += similarity[who != person].tolist()
        rates = [
            f"{np.mean(np.array(same) < each):.1%}, {np.mean(np.array(other) >= each):.1%}"
            for each in THRESHOLDS
        ]
        print(f"| {seconds} s | " + " | ".join(rates) + " |")


if __name__ == "__main__":
    main()
