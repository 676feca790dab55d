"""Does the work of one commit, whose ``pipeline`` it sees, when it is told to; not imported.

A line of JSON in: ``{"work": …, "seconds": …}``; a line out: ``wall`` and ``cpu`` seconds, and what
came of it.  Commits before the rooms of ``pipeline`` have their modules elsewhere.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

import numpy as np

try:
    from pipeline.transcription.chunking import LONGEST_SPEECH, Chunk, chunks
    from pipeline.transcription.voice_activity import VoiceActivityDetector
    from pipeline.transcription.whisper_models import WhisperModels
except ImportError:
    from pipeline.chunking import LONGEST_SPEECH, chunks
    from pipeline.recognition import Chunk
    from pipeline.voice_activity import VoiceActivityDetector
    from pipeline.whisper_models import WhisperModels
from pipeline.diarization.local import LocalDiarizer
from pipeline.options import Options
from pipeline.settings import read_settings

SAMPLE_RATE = 16_000
BATCH = 4  # chunks, what Whisper takes at once on a CPU
AT_ONCE = 8  # recordings


class Program:
    """The networks of one commit."""

    def __init__(self, audio: np.ndarray) -> None:
        """Args:
        audio: INT16 [N] at 16 kHz, of people who talk.
        """
        self._audio = audio
        self._whispers = WhisperModels(read_settings())

    @cached_property
    def _diarizer(self) -> LocalDiarizer:
        """Not there while Whisper is measured, which is 5 % slower or quicker beside it."""
        return LocalDiarizer.load(read_settings())

    def note(self, seconds: float) -> str:
        """The text of a note: one chunk, with word times, its language given."""
        options = Options(language="en", word_timestamps=True)
        chunk = Chunk(self._cut(seconds), options)
        with self._whispers.use(None) as whisper:
            return whisper.recognise([chunk])[0].text

    def four(self, seconds: float) -> str:
        """The texts of four such chunks in one batch, of which the others are shorter."""
        options = Options(language="en", word_timestamps=True)
        lengths = (seconds, 0.8 * seconds, 0.6 * seconds, 0.4 * seconds)
        chunks = [Chunk(self._cut(each), options) for each in lengths]
        with self._whispers.use(None) as whisper:
            return " | ".join(each.text for each in whisper.recognise(chunks))

    def speakers(self, seconds: float) -> str:
        """How many turns and people there are."""
        turns = self._diarizer(self._cut(seconds)).turns
        return f"{len(turns)} turns of {len({turn.speaker for turn in turns})}"

    def everything(self, seconds: float) -> str:
        """The words of a recording and, beside that, who speaks in it, as in the graph.

        Chunks in full batches, one attempt at each.
        """
        return self._both([self._cut(seconds)])

    def eight(self, seconds: float) -> str:
        """The same of eight recordings, which begin at eight different places."""
        longer = self._cut(seconds + AT_ONCE)
        starts = (number * SAMPLE_RATE for number in range(AT_ONCE))
        return self._both([longer[start:][: round(seconds * SAMPLE_RATE)] for start in starts])

    def _both(self, recordings: list[np.ndarray]) -> str:
        with ThreadPoolExecutor(2) as threads:
            words = threads.submit(self._words, recordings)
            turns = threads.submit(lambda: sum(len(self._diarizer(r).turns) for r in recordings))
            return f"{words.result()} words, {turns.result()} turns"

    def _words(self, recordings: list[np.ndarray]) -> int:
        options = Options(language="en", word_timestamps=True)
        waiting = [
            Chunk(recording[span.start : span.end], options)
            for recording in recordings
            for span in chunks(
                VoiceActivityDetector().spans(recording, LONGEST_SPEECH), len(recording)
            )
        ]
        with self._whispers.use(None) as whisper:
            heard = [
                each
                for first in range(0, len(waiting), BATCH)
                for each in whisper.recognise(waiting[first : first + BATCH])
            ]
        return sum(len(each.text.split()) for each in heard)

    def _cut(self, seconds: float) -> np.ndarray:
        samples = round(seconds * SAMPLE_RATE)
        return np.resize(self._audio, samples)


def main() -> None:
    """Answer until there is no more to do."""
    program = Program(np.load(sys.argv[1]))
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        work = getattr(program, asked["work"])
        wall, cpu = time.monotonic(), time.process_time()
        came = work(asked["seconds"])
        spent = {"wall": time.monotonic() - wall, "cpu": time.process_time() - cpu}
        print(json.dumps({**spent, "came": came}), flush=True)


if __name__ == "__main__":
    main()
