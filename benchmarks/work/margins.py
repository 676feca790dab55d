"""``python -m benchmarks.work.margins [FOLDER]``: what texts lose where Whisper hears less silence.

Recordings of the folder (each subfolder whose name has two letters holds that language, all others
are English) and of ``tests/recordings`` are cut where nobody speaks, as chance has it.  Each
piece is heard with the whole half minute that Whisper was trained on, and with so many seconds of
silence behind it.
"""

import argparse
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.running.measure import progress
from pipeline.audio import SAMPLE_RATE, seconds
from pipeline.leaf_documents import ChunkTranscript
from pipeline.options import Options
from pipeline.settings import current_settings
from pipeline.transcription.chunking import PADDING, Chunk
from pipeline.transcription.decoding import MAX_COMPRESSION_RATIO
from pipeline.transcription.recognition import Recogniser
from pipeline.transcription.spectrogram import FRAMES, HOP
from pipeline.transcription.voice_activity import VoiceActivityDetector
from pipeline.weights import whisper_folder
from tests.speech.media import read_audio
from tests.speech.scoring import normalise, word_error_rate

OURS = Path(__file__).parents[2] / "tests" / "recordings"
SUFFIXES = {".wav", ".flac", ".mp3", ".opus"}
LONGEST = 22 * SAMPLE_RATE  # of a piece: beyond, there is no room for a margin
SPANS = (1, 1, 2, 3, 4, 6)  # of speech, in a piece
WHOLE = None


@dataclass(frozen=True)
class Piece:
    """Some speech of one recording."""

    language: str
    audio: np.ndarray


def pieces(folder: Path | None) -> Iterator[Piece]:
    """Those of all recordings."""
    files = [*OURS.iterdir(), *(sorted(folder.rglob("*")) if folder else ())]
    detector, chance = VoiceActivityDetector(), random.Random(1)
    for file in files:
        if file.suffix not in SUFFIXES:
            continue
        name = "ru" if file.stem == "russian" else file.parent.name
        audio = read_audio(file)
        spans = list(detector.spans(audio, LONGEST))
        while spans:
            group = spans[: chance.choice(SPANS)]
            while group[-1].end - group[0].start > LONGEST and len(group) > 1:
                group.pop()
            spans = spans[len(group) :]
            start = max(group[0].start - PADDING, 0)
            yield Piece(name if len(name) == 2 else "en", audio[start : group[-1].end + PADDING])


def hear(recogniser: Recogniser, piece: Piece, margin: float | None) -> ChunkTranscript:
    """What is heard with so many seconds of silence behind the piece."""
    frames = FRAMES
    if margin is not WHOLE:
        frames = min(len(piece.audio) // HOP + round(100 * margin), FRAMES)
    recogniser._frames_heard = lambda samples: frames
    options = Options(language=piece.language, word_timestamps=True)
    return recogniser.recognise([Chunk(piece.audio, options)])[0]


def plain(text: str, language: str) -> str:
    """Its words alone."""
    if language == "en":
        return normalise(text)
    return " ".join("".join(c for c in text.lower() if c.isalnum() or c == " ").split())


def main() -> None:
    """Print a row for each margin."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.work.margins", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--margins", nargs="+", type=float, default=[10, 8, 6, 4])
    asked = parser.parse_args()
    settings = current_settings()
    recogniser = Recogniser(whisper_folder(settings.default_model, settings), "cpu", "int8")
    every = list(pieces(asked.folder))
    progress(f"{len(every)} pieces, {sum(seconds(len(each.audio)) for each in every) / 60:.1f} min")
    whole = [hear(recogniser, each, WHOLE) for each in every]
    progress("heard with the whole half minute")
    print(
        "| margin | words that differ | pieces that do | loops | starts of words, mean and 95 % |"
    )
    print("| --- " * 5 + "|")
    for margin in asked.margins:
        heard = [hear(recogniser, each, margin) for each in every]
        print(row(margin, every, whole, heard), flush=True)


def row(
    margin: float,
    every: list[Piece],
    whole: list[ChunkTranscript],
    heard: list[ChunkTranscript],
) -> str:
    """How what was heard differs from what is heard with the whole half minute."""
    words = wrong = changed = 0
    apart: list[float] = []
    for piece, before, after in zip(every, whole, heard, strict=True):
        said, now = plain(before.text, piece.language), plain(after.text, piece.language)
        count = len(said.split())
        words += count
        wrong += word_error_rate(said, now) * count if said else len(now.split())
        changed += said != now
        if said == now and len(before.words) == len(after.words):
            pairs = zip(before.words, after.words, strict=True)
            apart += [abs(one.start - other.start) for one, other in pairs]
    loops = [
        sum(each.compression_ratio > MAX_COMPRESSION_RATIO for each in side)
        for side in (whole, heard)
    ]
    return (
        f"| {margin:g} s | {100 * wrong / words:.1f} % of {words} | {changed} of {len(every)} | "
        f"{loops[1]}, before {loops[0]} | {1e3 * np.mean(apart):.0f} and "
        f"{1e3 * np.percentile(apart, 95):.0f} ms |"
    )


if __name__ == "__main__":
    main()
