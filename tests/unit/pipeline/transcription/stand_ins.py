"""What stands for Whisper and for the detector where neither is what a test is about."""

from collections.abc import Iterator
from concurrent.futures import Future

import numpy as np

from documents import Word
from pipeline.audio import SAMPLE_RATE, Span
from pipeline.leaf_documents import ChunkTranscript
from pipeline.options import Options
from pipeline.transcription.chunking import Chunk
from tests.futures import done


class Listener:
    """Answers for Whisper: notes what was asked, and hears a language by the chunk's position."""

    def __init__(self, *languages: str) -> None:
        self.languages = languages or ("en",)
        self.silent: set[str] = set()  # languages in which nothing is heard
        self.asked: list[Options] = []

    def __call__(self, chunk: Chunk) -> "Future[ChunkTranscript]":
        heard = self.languages[min(len(self.asked), len(self.languages) - 1)]
        self.asked.append(chunk.options)
        language = chunk.options.language or heard
        return done(
            ChunkTranscript(
                language=language,
                language_probabilities={} if chunk.options.language else {heard: 0.9},
                text="" if heard in self.silent else f"chunk {len(self.asked)} in {language}",
                words=[Word(word="chunk", start=0.5, end=1.0, score=0.9)],
                avg_logprob=-0.2,
                compression_ratio=1.1,
                no_speech_prob=0.01,
            )
        )


class Speech:
    """Stands for the detector: people speak from one second to the next, and so on."""

    def __init__(self, *seconds: float) -> None:
        self.times = [round(each * SAMPLE_RATE) for each in seconds]

    def spans(self, audio: np.ndarray, longest: int) -> Iterator[Span]:
        return map(Span, self.times[::2], self.times[1::2])
