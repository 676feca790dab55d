"""whisperx.assign_word_speakers and stock pyannote, on the same words, turns and networks."""

from collections.abc import Sequence

import pandas as pd
from whisperx.diarize import assign_word_speakers

from benchmarks.audio.recordings import write_wav
from benchmarks.bench import Bench
from benchmarks.speakers.listening import Heard
from documents import Transcript, Turn, Word


def assigned(transcript: Transcript, turns: Sequence[Turn]) -> list[Word]:
    """The words with the speakers that WhisperX gives them."""
    frame = pd.DataFrame([turn.model_dump() for turn in turns])
    told = assign_word_speakers(frame, transcript.model_dump())
    return [Word(**word) for segment in told["segments"] for word in segment["words"]]


def some(heard: Sequence[Heard], minutes: float) -> list[Heard]:
    """Recordings of both folds, every third one first, so many minutes in all."""
    chosen: list[Heard] = []
    for each in [each for first in range(3) for each in heard[first::3]]:
        if sum(one.seconds for one in chosen) + each.seconds <= 60 * minutes:
            chosen.append(each)
    return chosen


class Pyannote:
    """pyannote's own pipeline on ECAPA and segmentation-3.0, from the samples on."""

    def __enter__(self) -> "Pyannote":
        self._bench = Bench(1, False).__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bench.__exit__(*exception)

    def __call__(self, heard: Heard, given: bool) -> tuple[list[Turn], list[Word]]:
        """Its turns, and the words with the speakers that WhisperX gives them."""
        path = self._bench.work / f"{heard.talk.plan.name}.wav"
        write_wav(path, heard.talk.audio)
        people = {"num_speakers": heard.people} if given else {}
        reference = self._bench.reference("ecapa")
        told = reference.ask("run", path=str(path), stages=["diarize"], **people)
        turns = [Turn(**turn) for turn in told["turns"]]
        return turns, assigned(heard.transcript, turns)
