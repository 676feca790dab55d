"""The pipeline's functions in one process, without Triton, BLS and HTTP."""

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from functools import cached_property, partial

import numpy as np

from adapter.intake.decoding import find_ffmpeg
from benchmarks.running.worker import answer_commands
from documents import Segment, Transcript, Turns
from pipeline.alignment.align import Emission, align
from pipeline.alignment.networks import AlignmentNetwork, AlignmentNetworks
from pipeline.attribution.attribute import attribute
from pipeline.audio import SAMPLE_RATE
from pipeline.diarization.diarize import diarize
from pipeline.diarization.local import LocalDiarizer
from pipeline.leaf_documents import ChunkTranscript
from pipeline.options import Options
from pipeline.settings import current_settings
from pipeline.transcription.chunking import Chunk
from pipeline.transcription.decoding import until_credible
from pipeline.transcription.gaps.filling import fill_gaps
from pipeline.transcription.gaps.in_turns import hear_turns
from pipeline.transcription.recognition import Recogniser
from pipeline.transcription.transcribe import transcribe
from pipeline.transcription.voice_activity import VoiceActivityDetector
from pipeline.transcription.whisper_models import WhisperModels

ALIGNMENTS = 5  # milliseconds each, which noise may double
WINDOWS_TOGETHER = 8  # what the segmentation leaf takes at once on a CPU


class Batches:
    """Pieces that wait until a batch is full, or until somebody wants an answer."""

    def __init__(self, run: Callable[[Sequence], Sequence], size: int) -> None:
        self._run = run
        self._size = size
        self._waiting: list[tuple[object, Future]] = []

    def submit(self, piece: object) -> Future:
        """Queue a piece."""
        future = _Awaited(self.flush)
        self._waiting.append((piece, future))
        if len(self._waiting) == self._size:
            self.flush()
        return future

    def flush(self) -> None:
        """Run what waits."""
        waiting, self._waiting = self._waiting, []
        answers = self._run([piece for piece, _ in waiting])
        for (_, future), answer in zip(waiting, answers, strict=True):
            future.set_result(answer)


class _Awaited(Future):
    def __init__(self, flush: Callable[[], None]) -> None:
        super().__init__()
        self._flush = flush

    def result(self, timeout: float | None = None) -> object:
        if not self.done():
            self._flush()
        return super().result(timeout)


class Local:
    """The networks, each loaded when it is first used."""

    def __init__(self) -> None:
        self._settings = current_settings()
        self._detector = VoiceActivityDetector()

    @cached_property
    def whisper(self) -> WhisperModels:
        """Whisper base."""
        return WhisperModels(self._settings)

    @cached_property
    def diarizer(self) -> LocalDiarizer:
        """The ungated pair."""
        return LocalDiarizer.load(self._settings)

    @cached_property
    def wav2vec2(self) -> AlignmentNetwork:
        """The English network of ALIGNMENT_MODELS."""
        return AlignmentNetworks(self._settings).load_now("en")

    def load(self, parts: list[str]) -> dict:
        """Load what will be measured."""
        for part in parts:
            getattr(self, part)
        return {}

    def run(self, path: str) -> dict:
        """One recording from its file to words with speakers; word times from cross-attention.

        Returns:
            ``seconds`` of each stage and in all.
        """
        marks = [time.perf_counter()]

        def mark() -> float:
            marks.append(time.perf_counter())
            return marks[-1] - marks[-2]

        seconds = {}
        audio = _decode(path)
        seconds["decode"] = mark()
        with self.whisper.use(None) as network:
            chunks = Batches(partial(recognise, network), self._settings.whisper_batch_size)
            transcript = transcribe(audio, Options(), self._detector, chunks.submit, "base")
            seconds["transcribe"] = mark()
            transcript = align(audio, transcript, None)
            seconds["align"] = mark()
            turns = self._diarize(audio)
            seconds["diarize"] = mark()
            again = Batches(network.recognise, 1)
            said = attribute(transcript, turns)
            hear_turns(audio, said, turns.turns, Options(), again.submit).encode()
            seconds["attribute"] = mark()
        return {"seconds": {**seconds, "all": marks[-1] - marks[0]}}

    def align_around(self, path: str, chunks: list[dict], language: str) -> dict:
        """Align the reference's chunks, the network's time left out.

        Returns:
            ``seconds`` of everything around the network, the median of a few times, and
            the ``words``.
        """
        audio = _decode(path)
        transcript = Transcript(
            model="base",
            language=language,
            language_probability=1.0,
            duration=len(audio) / SAMPLE_RATE,
            segments=[
                Segment(start=chunk["start"], end=chunk["end"], text=chunk["text"])
                for chunk in chunks
            ],
        )
        network = self.wav2vec2
        emissions = [
            network.emission(audio[round(s.start * SAMPLE_RATE) : round(s.end * SAMPLE_RATE)])
            for s in transcript.segments
        ]
        took = []
        for _ in range(ALIGNMENTS):
            ready = iter(emissions)

            def emit(_: np.ndarray, ready: Iterator[np.ndarray] = ready) -> Future:
                future: Future = Future()
                future.set_result(Emission(next(ready), network.labels))
                return future

            begin = time.perf_counter()
            aligned = align(audio, transcript, emit)
            took.append(time.perf_counter() - begin)
        words = [
            {"word": word.word, "start": word.start, "end": word.end}
            for segment in aligned.segments
            for word in segment.words
        ]
        return {"seconds": {"around": statistics.median(took)}, "words": words}

    def _diarize(self, audio: np.ndarray) -> Turns:
        diarizer = self.diarizer
        windows = Batches(lambda batch: diarizer.segmentation(np.stack(batch)), WINDOWS_TOGETHER)
        return diarize(audio, Options(), windows.submit, diarizer.embed, diarizer.recipe)


def recognise(
    network: Recogniser, chunks: Sequence[Chunk], fills_gaps: bool = True
) -> list[ChunkTranscript]:
    """A batch of chunks; what is in doubt at other temperatures, and what was left out, again."""

    def ask(chunk: Chunk) -> ChunkTranscript:
        (answer,) = network.recognise([chunk])
        return answer

    answers = [
        until_credible(answer, lambda temperature, chunk=chunk: ask(chunk.at(temperature)))
        for chunk, answer in zip(chunks, network.recognise(chunks), strict=True)
    ]
    if not fills_gaps:
        return answers
    return [fill_gaps(*each, ask) for each in zip(chunks, answers, strict=True)]


def _decode(path: str) -> np.ndarray:
    command = [find_ffmpeg(None), "-nostdin", "-v", "error", "-threads", "1", "-i", path]
    command += ["-ac", "1", "-ar", str(SAMPLE_RATE), "-f", "s16le", "pipe:1"]
    return np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, np.int16)


if __name__ == "__main__":
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    local = Local()
    answer_commands({"load": local.load, "run": local.run, "align_around": local.align_around})
