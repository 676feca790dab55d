"""Choose the clustering threshold of segmentation-3.0 with ECAPA on conversations with known turns.

``python -m benchmarks.diarization_threshold VOICES`` takes a folder with a folder for each
speaker, full of utterances in any format FFmpeg reads.  The table in README.md was made with
recordings of people that Debian packages: the prompts of asterisk-core-sounds-{en,fr,it,ru}-g722,
asterisk-prompt-es-co, asterisk-prompt-fr-armelle and asterisk-prompt-it-menardi-wav, the
recordings in festvox-ru, and three synthetic voices of flite (rms, slt, awb):

    apt-get download PACKAGE && dpkg -x PACKAGE_*.deb unpacked/PACKAGE
    ln -s $PWD/unpacked/PACKAGE/usr/share/asterisk/sounds/en_US_f_Allison VOICES/allison
    flite -voice rms -t "A sentence of some length." -o VOICES/rms/0.wav
"""

import argparse
import random
import subprocess
from itertools import product
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from pyannote.core import Annotation, Segment
from scipy.signal import butter, sosfilt
from tqdm import tqdm

from adapter.embedded.sample import sample_recording
from pipeline.audio import SAMPLE_RATE, seconds
from pipeline.diarization.agglomerative import Agglomerative
from pipeline.diarization.diarize import conclude, listen
from pipeline.diarization.local import LocalDiarizer
from pipeline.options import Options
from pipeline.settings import read_settings
from tests.speech.scoring import diarization_error_rate, read_rttm

THRESHOLDS = (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
MIN_CLUSTER_SIZES = (6, 12)
FORMATS = {".g722", ".gsm", ".wav"}
UTTERANCES = 100  # of a speaker, the longest ones
LEVEL = 2000  # of speech, in units of a 16 bit sample; speakers differ by up to 8 dB
NOISE = LEVEL * 10 ** (-28 / 20)
TRIM = "silenceremove=start_periods=1:start_threshold=-45dB,areverse"


def read_pcm(file: Path, *filters: str) -> np.ndarray:
    """A recording as INT16 [N]."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(file), *filters]
    command += ["-f", "s16le", "-ac", "1", "-ar", str(SAMPLE_RATE), "-"]
    pcm = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(pcm, np.int16)


def converse(
    voices: dict[str, list[Path]], speakers: int, length: int, telephone: bool, seed: int
) -> tuple[np.ndarray, Annotation]:
    """A conversation, INT16 [N], and its turns: gaps, overlaps up to 0.9 s, a noisy room."""
    chance = random.Random(f"{speakers} {length} {telephone} {seed}")
    names = chance.sample(sorted(voices), speakers)
    gains = {name: 10 ** (chance.uniform(-4, 4) / 20) for name in names}
    mixed = np.zeros((length + 90) * SAMPLE_RATE, np.float32)
    truth, now, last = Annotation(), 0.5, None
    while now < length:
        last = chance.choice([name for name in names if name != last] or names)
        began = now
        for _ in range(chance.choice([1, 1, 2, 3])):
            chosen = read_pcm(chance.choice(voices[last]), "-af", f"{TRIM},{TRIM}")
            speech = chosen[: 20 * SAMPLE_RATE].astype(np.float32)
            if len(speech) < SAMPLE_RATE:
                continue
            first = int(now * SAMPLE_RATE)
            loudness = np.sqrt((speech**2).mean()) + 1
            mixed[first : first + len(speech)] += speech / loudness * LEVEL * gains[last]
            end = now + len(speech) / SAMPLE_RATE
            truth[Segment(now, end), f"{now}"] = last
            now = end + chance.uniform(0.05, 0.3)
        now = max(began + 0.5, now + chance.uniform(-0.9, 0.8))
    mixed = mixed[: int((truth.get_timeline().extent().end + 0.5) * SAMPLE_RATE)]
    if telephone:
        band = butter(4, [300, 3400], "bandpass", fs=SAMPLE_RATE, output="sos")
        mixed = sosfilt(band, mixed)
    mixed = mixed + NOISE * np.random.default_rng(seed).standard_normal(len(mixed))
    return np.clip(mixed, -32_768, 32_767).astype(np.int16), truth


def measure(
    diarizer: LocalDiarizer, audio: np.ndarray, truth: Annotation, number: int
) -> dict[tuple[int, float], tuple[float, bool]]:
    """DER, and whether as many speakers were found, of each size and threshold."""
    recipe = diarizer.recipe
    activity, embeddings = listen(audio, diarizer.segment, diarizer.embed, recipe)
    measured = {}
    for size, threshold in product(MIN_CLUSTER_SIZES, THRESHOLDS):
        method = Agglomerative(threshold, size)
        turns = conclude(activity, embeddings, Options(), method, seconds(len(audio))).turns
        error = diarization_error_rate(truth, [turn.model_dump() for turn in turns])
        measured[size, threshold] = error, len({turn.speaker for turn in turns}) == number
    return measured


def main() -> None:
    """Print a line for each size and threshold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("voices", type=Path)
    parser.add_argument("--seconds", type=int, nargs="+", default=[30, 120, 400])
    parser.add_argument("--seeds", type=int, default=2)
    arguments = parser.parse_args()
    voices = {
        folder.name: sorted(
            (file for file in folder.rglob("*") if file.suffix in FORMATS),
            key=lambda file: -file.stat().st_size,
        )[:UTTERANCES]
        for folder in arguments.voices.iterdir()
    }
    diarizer = LocalDiarizer.load(read_settings(diarization="ungated"))
    kinds = list(product((1, 2, 3, 4), arguments.seconds, (False, True), range(arguments.seeds)))
    results = [measure(diarizer, *_sample())]
    for kind in tqdm(kinds, unit="conversation"):
        audio, truth = converse(voices, *kind)
        results.append(measure(diarizer, audio, truth, len(truth.labels())))
    print("size  threshold  mean DER  worst DER  speakers found  pyannote's sample")
    for setting in results[0]:
        errors, found = zip(*(result[setting] for result in results), strict=True)
        print(
            f"{setting[0]:4}  {setting[1]:9.2f}  {np.mean(errors):8.1%}  {max(errors):9.1%}"
            f"  {sum(found):6} of {len(found):4}  {errors[0]:17.1%}"
        )


def _sample() -> tuple[np.ndarray, Annotation, int]:
    truth = read_rttm(sample_recording().with_suffix(".rttm"))
    return read_pcm(sample_recording()), truth, len(truth.labels())


if __name__ == "__main__":
    main()
