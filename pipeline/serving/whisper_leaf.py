"""The way from a step to the ``whisper`` leaf."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import numpy as np

from pipeline.kept_answers import networks
from pipeline.kept_answers.question import Question, Questions, document_of
from pipeline.leaf_documents import ChunkTranscript
from pipeline.options import Options
from pipeline.serving.fanout import FanOut
from pipeline.serving.metrics.meters import Meters, Tell
from pipeline.serving.requests_in_flight import pieces
from pipeline.serving.signals import PREPARE
from pipeline.serving.step import call_leaf, when_loaded
from pipeline.serving.tensors import read_document
from pipeline.settings import Settings
from pipeline.transcription.chunking import Chunk
from pipeline.transcription.decoding import until_credible
from pipeline.transcription.gaps.filling import fill_gaps

LEAF = "whisper"
NO_AUDIO = {"AUDIO": np.zeros((1, 1), np.int16)}
# Of the options, what Whisper's answer depends on beside its weights.
MATTERING = (
    *("language", "task", "initial_prompt", "hotwords", "beam_size", "temperature"),
    *("detect_language", "word_timestamps", "without_timestamps"),
)
TRANSCRIPT = document_of(ChunkTranscript)
FRESH_SECONDS = 5.0  # for which a network that was there is not asked for again


class WhisperLeaf:
    """Sends chunks of all recordings, once the network is there that they need."""

    def __init__(self, settings: Settings, chunks: FanOut, meters: Meters) -> None:
        self._settings = settings
        self._default = settings.default_model
        self._chunks = chunks
        self._doubtful = meters.counter(
            "asr_doubtful_attempts_total",
            "Attempts at chunks whose text was doubtful, after the first one at each",
        )
        self._gaps = meters.counter(
            "asr_gaps_total",
            "Stretches of speech that Whisper left out, and was asked about by themselves",
        )
        self._hears_gaps = settings.hear_gaps
        stays = not settings.model_keep_alive_seconds
        self._loaded_at = {self._default: math.inf if stays else -math.inf}

    def model(self, options: Options) -> str:
        """The name of the Whisper that these options mean."""
        return options.model or self._default

    @contextmanager
    def recogniser(self, options: Options) -> Iterator[Callable[[Chunk], Future]]:
        """What sends a chunk of one recording; leaving it drops what was not sent.

        Raises:
            PipelineError: the network cannot be loaded.
        """
        self._await_network(options)
        question = self._questions(options)

        def send(chunk: Chunk) -> Future:
            if not self.hears_gaps(options):
                chunk = replace(chunk, speech=())
            call = partial(_recognise, chunk, self._doubtful, self._gaps)
            return chunks.submit(call, chunk.until, question(chunk))

        with pieces(self._chunks, options, measured=True) as chunks:
            yield send

    def hears_gaps(self, options: Options) -> bool:
        """Whether what Whisper leaves out of a recording is asked about by itself."""
        return self._hears_gaps and options.hear_gaps

    @contextmanager
    def gap_recogniser(self, options: Options) -> Iterator[Callable[[Chunk], Future]]:
        """What sends a piece of one recording that it has heard before, once."""
        question = self._questions(options)

        def ask(piece: Chunk) -> ChunkTranscript:
            self._gaps(1.0)
            return _attempt(piece)

        with pieces(self._chunks, options) as chunks:
            yield lambda piece: chunks.submit(partial(ask, piece), question=question(piece))

    def _questions(self, options: Options) -> Callable[[Chunk], Question | None]:
        network = networks.whisper(self.model(options), self._settings) if options.reuse else None

        def question(chunk: Chunk) -> Question | None:
            asked = Questions(LEAF, network, chunk.options, MATTERING, TRANSCRIPT)
            return asked.about(chunk.audio, np.array(chunk.speech, np.float64))

        return question

    def _await_network(self, options: Options) -> None:
        # Chunks that wait for a network would take the places of others' chunks.
        model, now = self.model(options), time.monotonic()
        if now - self._loaded_at.get(model, -math.inf) < FRESH_SECONDS:
            return
        ask = partial(call_leaf, LEAF, NO_AUDIO, [], options, **{PREPARE: True})
        # A recording of its own: the first piece of each is sent before others.
        with pieces(self._chunks, options) as questions:
            when_loaded(options, lambda: questions.submit(ask).result())
        fresh = {name: at for name, at in self._loaded_at.items() if now - at < FRESH_SECONDS}
        self._loaded_at = {**fresh, model: time.monotonic()}


def _recognise(chunk: Chunk, tell: Tell, tell_gap: Tell) -> ChunkTranscript:
    # Each attempt goes through the leaf's queue: in one batch with its first, a chunk that
    # takes six would keep the others of the batch, and all behind it, waiting.
    def again(temperature: float) -> ChunkTranscript:
        tell(1.0)
        return _attempt(chunk.at(temperature))

    def hear_gap(piece: Chunk) -> ChunkTranscript:
        tell_gap(1.0)
        return _attempt(piece)

    return fill_gaps(chunk, until_credible(_attempt(chunk), again), hear_gap)


def _attempt(chunk: Chunk) -> ChunkTranscript:
    return when_loaded(chunk.options, partial(_ask, chunk))


def _ask(chunk: Chunk) -> ChunkTranscript:
    inputs = {"AUDIO": chunk.audio[None]}
    response = call_leaf(LEAF, inputs, ["CHUNK_TRANSCRIPT"], chunk.options)
    return read_document(response, "CHUNK_TRANSCRIPT", ChunkTranscript)
