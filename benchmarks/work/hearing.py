"""``python -m benchmarks.work.hearing [FOLDER]``: what texts lose where Whisper works less.

Recordings of the folder (each subfolder whose name has two letters holds that language, all others
are English), of ``tests/recordings`` and pyannote's sample are cut where nobody speaks, as chance
has it.  Each piece is heard with the whole half minute that Whisper was trained on, and in each
way that is asked for.  What is said in a recording is known where a ``.txt`` lies beside it.
"""

import argparse
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np

from benchmarks.audio.recordings import sample
from benchmarks.running.measure import progress
from pipeline.audio import SAMPLE_RATE, seconds
from pipeline.leaf_documents import ChunkTranscript
from pipeline.options import Options
from pipeline.settings import current_settings
from pipeline.transcription import recognition
from pipeline.transcription.chunking import PADDING, Chunk
from pipeline.transcription.decoding import MAX_COMPRESSION_RATIO, search
from pipeline.transcription.spectrogram import FRAMES, HOP, frames_heard
from pipeline.transcription.voice_activity import VoiceActivityDetector
from pipeline.weights import whisper_folder
from tests.speech.media import read_audio
from tests.speech.scoring import normalise, word_error_rate

OURS = Path(__file__).parents[2] / "tests" / "recordings"
LANGUAGES = {"russian": "ru", "italian": "it", "spanish": "es"}  # of recordings of ours
SUFFIXES = {".wav", ".flac", ".mp3", ".opus"}
LONGEST = 22 * SAMPLE_RATE  # of a piece: beyond, there is no room for a margin
SPANS = (1, 1, 2, 3, 4, 6)  # of speech, in a piece


@dataclass(frozen=True)
class Piece:
    """Some speech of one recording."""

    file: Path
    language: str
    audio: np.ndarray


@dataclass(frozen=True)
class Way:
    """How Whisper hears."""

    margin: float | None = None  # seconds of silence behind a piece; None: the whole half minute
    classes: bool = False  # of lengths, as the service has them
    patience: float = 1.0

    def __str__(self) -> str:
        heard = "half a minute" if self.margin is None else f"{self.margin:g} s"
        heard = "as the service does" if self.classes else heard
        return heard if self.patience == 1 else f"{heard}, patience {self.patience:g}"

    def frames(self, samples: int) -> int:
        """Those of the spectrogram that the encoder hears."""
        if self.classes:
            return frames_heard(samples)
        return FRAMES if self.margin is None else samples // HOP + round(100 * self.margin)


@dataclass(frozen=True)
class Heard:
    """All pieces in one way."""

    texts: list[ChunkTranscript]
    seconds: float  # of processors


WHOLE = Way()
SERVICE = Way(classes=True)


def pieces(folder: Path | None) -> Iterator[Piece]:
    """Those of all recordings."""
    files = [sample().path, *sorted(OURS.iterdir()), *(sorted(folder.rglob("*")) if folder else ())]
    detector, chance = VoiceActivityDetector(), random.Random(1)
    for file in files:
        if file.suffix not in SUFFIXES:
            continue
        name = LANGUAGES.get(file.stem, file.parent.name)
        audio = read_audio(file)
        spans = list(detector.spans(audio, LONGEST))
        while spans:
            group = spans[: chance.choice(SPANS)]
            while group[-1].end - group[0].start > LONGEST and len(group) > 1:
                group.pop()
            spans = spans[len(group) :]
            start = max(group[0].start - PADDING, 0)
            cut = audio[start : group[-1].end + PADDING]
            yield Piece(file, name if len(name) == 2 else "en", cut)


def hear(recogniser: recognition.Recogniser, every: list[Piece], way: Way) -> Heard:
    """What is heard in this way, one piece after the other."""
    recogniser._frames_heard = lambda samples: min(way.frames(samples), FRAMES)
    recognition.search = partial(_search, way.patience)
    begin = time.process_time()
    texts = [
        recogniser.recognise(
            [Chunk(piece.audio, Options(language=piece.language, word_timestamps=True))]
        )[0]
        for piece in every
    ]
    return Heard(texts, time.process_time() - begin)


def _search(patience: float, temperature: float, beam_size: int) -> dict[str, object]:
    return {**search(temperature, beam_size), "patience": patience}


def errors(every: list[Piece], heard: Heard) -> dict[str, float]:
    """The share of wrong words in each language, of the recordings whose text is known."""
    wrong: dict[str, float] = {}
    words: dict[str, int] = {}
    pairs = zip(every, heard.texts, strict=True)
    for file, group in groupby(pairs, key=lambda pair: pair[0].file):
        said, heard_here = _said(file), list(group)
        if said is None:
            continue
        language = heard_here[0][0].language
        count = len(normalise(said).split())
        text = " ".join(each.text for _, each in heard_here)
        wrong[language] = wrong.get(language, 0) + word_error_rate(said, text) * count
        words[language] = words.get(language, 0) + count
    return {language: wrong[language] / words[language] for language in sorted(wrong)}


def _said(file: Path) -> str | None:
    if file == sample().path:
        return sample().text
    text = file.with_suffix(".txt")
    return text.read_text(encoding="utf-8") if text.exists() else None


def row(way: Way, every: list[Piece], usual: Heard, heard: Heard) -> str:
    """How what was heard differs from what is heard in the usual way."""
    words = wrong = changed = 0
    apart: list[float] = []
    for before, after in zip(usual.texts, heard.texts, strict=True):
        said, now = normalise(before.text), normalise(after.text)
        count = len(said.split())
        words += count
        wrong += word_error_rate(said, now) * count if said else len(now.split())
        changed += said != now
        if said == now and len(before.words) == len(after.words):
            pairs = zip(before.words, after.words, strict=True)
            apart += [abs(one.start - other.start) for one, other in pairs]
    loops = sum(each.compression_ratio > MAX_COMPRESSION_RATIO for each in heard.texts)
    known = ", ".join(f"{100 * e:.1f} {name}" for name, e in errors(every, heard).items())
    return (
        f"| {way} | {known} | {100 * wrong / words:.1f} % of {words}, {changed} of {len(every)} "
        f"pieces | {loops} | {1e3 * np.mean(apart):.0f} and {1e3 * np.percentile(apart, 95):.0f} ms"
        f" | {heard.seconds / usual.seconds:.2f} |"
    )


def main() -> None:
    """Print a row for each way."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.work.hearing", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--margins", nargs="*", type=float, default=[10, 8, 6, 4])
    parser.add_argument("--patience", nargs="*", type=float, default=[0.2, 0.5])
    asked = parser.parse_args()
    settings = current_settings()
    folder = whisper_folder(settings.default_model, settings)
    recogniser = recognition.Recogniser(folder, "cpu", "int8")
    every = list(pieces(asked.folder))
    progress(f"{len(every)} pieces, {sum(seconds(len(each.audio)) for each in every) / 60:.1f} min")
    hear(recogniser, every[:3], WHOLE)  # caches are cold
    usual = hear(recogniser, every, WHOLE)
    print("| heard | wrong words, % | differs | loops | starts of words, mean, 95 % | time |")
    print("| --- " * 6 + "|")
    ways = [SERVICE, *(Way(margin) for margin in asked.margins)]
    ways += [Way(classes=True, patience=patience) for patience in asked.patience]
    print(row(WHOLE, every, usual, usual), flush=True)
    for way in ways:
        print(row(way, every, usual, hear(recogniser, every, way)), flush=True)


if __name__ == "__main__":
    main()
