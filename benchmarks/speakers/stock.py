"""whisperx.assign_word_speakers and stock pyannote, on the same words, turns and networks."""

import json
import random
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from itertools import chain, zip_longest
from pathlib import Path

import pandas as pd
from whisperx.diarize import assign_word_speakers

from benchmarks.audio.recordings import write_wav
from benchmarks.bench import Bench
from benchmarks.speakers.listening import Heard
from documents import Transcript, Turn, Word

SEED = 14


def assigned(transcript: Transcript, turns: Sequence[Turn]) -> list[Word]:
    """The words with the speakers that WhisperX gives them."""
    frame = pd.DataFrame([turn.model_dump() for turn in turns])
    told = assign_word_speakers(frame, transcript.model_dump())
    return [Word(**word) for segment in told["segments"] for word in segment["words"]]


def some(heard: Sequence[Heard], minutes: float) -> list[Heard]:
    """Recordings drawn of all, of both folds in turn, so many minutes in all."""
    drawn = random.Random(SEED).sample(heard, len(heard))
    folds = [[each for each in drawn if each.talk.plan.fold == fold] for fold in "ab"]
    chosen: list[Heard] = []
    for each in filter(None, chain.from_iterable(zip_longest(*folds))):
        if sum(one.seconds for one in chosen) + each.seconds <= 60 * minutes:
            chosen.append(each)
    return chosen


class Pyannote:
    """pyannote's own pipeline on ECAPA and segmentation-3.0, from the samples on.

    Args:
        kept: the folder in which its turns are kept.
    """

    def __init__(self, kept: Path) -> None:
        self._kept = kept
        self._closing = ExitStack()

    def __enter__(self) -> "Pyannote":
        return self

    def __exit__(self, *exception: object) -> None:
        self._closing.close()

    @cached_property
    def _bench(self) -> Bench:
        return self._closing.enter_context(Bench(1, False))

    def __call__(self, heard: Heard, given: bool) -> tuple[list[Turn], list[Word]]:
        """Its turns, and the words with the speakers that WhisperX gives them."""
        file = self._kept / f"{heard.talk.plan.name}.json"
        if not file.exists():
            path = self._bench.work / f"{heard.talk.plan.name}.wav"
            write_wav(path, heard.talk.audio)
            reference = self._bench.reference("ecapa")
            told = reference.ask("turns", path=str(path), numbers=[None, heard.people])
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(told), encoding="utf-8")
        told = json.loads(file.read_text(encoding="utf-8"))[given]
        turns = [Turn(**turn) for turn in told]
        return turns, assigned(heard.transcript, turns)
