"""Whisper on a batch of chunks: language, text and word times from one encoder pass.

The network runs in CTranslate2; prompts, suppression and the scale of the
scores follow OpenAI's decoder (https://github.com/openai/whisper).
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import ctranslate2
import numpy as np
from faster_whisper.tokenizer import Tokenizer

from pipeline.audio import seconds
from pipeline.errors import InvalidRequest
from pipeline.leaf_documents import ChunkTranscript
from pipeline.options import Options
from pipeline.transcription.chunking import Chunk
from pipeline.transcription.decoding import compression_ratio, search
from pipeline.transcription.spectrogram import FRAMES, HOP, FrontEnd, frames_heard
from pipeline.transcription.vocabulary import MAX_TOKENS, Vocabulary
from pipeline.transcription.word_timing import words_of
from pipeline.utf8 import as_utf8
from pipeline.workers import Workers

LANGUAGES_REPORTED = 5
# No language takes so many, twice what Whisper has room for in 30 s; a sample of what is no
# speech would go on to the end of the context.
TOKENS_PER_SECOND = 30
FEWEST_TOKENS = 32


Features = Callable[[], np.ndarray]  # float32 [mels, 3000], once it is asked for
Heard = tuple[Chunk, Features, int]  # the last: how many of the frames the encoder hears
Prompted = tuple[Chunk, Features, int, list[int]]  # the last: tokens of what came before


class Recogniser:
    """One Whisper network."""

    def __init__(self, folder: Path, device: str, compute_type: str, cores: int = 1) -> None:
        # Nobody has tried on a card how short what Whisper hears may be there.
        self._frames_heard = frames_heard if device == "cpu" else lambda samples: FRAMES
        self._workers = Workers(cores if device == "cpu" else 1)
        self._network = ctranslate2.models.Whisper(
            as_utf8(folder),
            device=device,
            compute_type=compute_type,
            inter_threads=self._workers.count,
            intra_threads=self._workers.threads,
        )
        self._front_end = FrontEnd(self._network.n_mels, 1 if device == "cpu" else cores)
        self.multilingual = self._network.is_multilingual
        self._vocabulary = Vocabulary(folder, self.multilingual)

    def recognise(self, chunks: Sequence[Chunk]) -> list[ChunkTranscript]:
        """Transcribe chunks, which may be of different recordings, languages and tasks.

        One attempt at each, at the temperature of its options, credible or not; see
        :func:`pipeline.transcription.decoding.until_credible`.

        Raises:
            InvalidRequest: this Whisper does not know the language or the task.
        """
        prompted = [
            (*heard, self._vocabulary.previous_text(heard[0].options))
            for heard in self._hear(chunks)
        ]
        return self._workers.map(self._recognise, prompted, size=_samples, kind=_kind)

    def detect(self, chunks: Sequence[Chunk]) -> list[ChunkTranscript]:
        """The language of each chunk alone, from the encoder and one step of the decoder."""
        return self._workers.map(self._detect, self._hear(chunks), size=_samples, kind=_frames)

    def _hear(self, chunks: Sequence[Chunk]) -> list[Heard]:
        """The chunks, and their features on their way."""
        return [
            (chunk, self._front_end.begin(chunk.audio), self._frames_heard(len(chunk.audio)))
            for chunk in chunks
        ]

    def _detect(self, heard: Sequence[Heard]) -> list[ChunkTranscript]:
        chunks, features, frames = zip(*heard, strict=True)
        encoded = self._network.encode(_stacked(features, frames[0]))
        languages, probabilities = self._languages(encoded, chunks)
        silent = {"text": "", "avg_logprob": 0.0, "compression_ratio": 0.0, "no_speech_prob": 0.0}
        return [
            ChunkTranscript(language=language, language_probabilities=heard, **silent)
            for language, heard in zip(languages, probabilities, strict=True)
        ]

    def check(self, options: Options) -> None:
        """Raise :class:`InvalidRequest` if this Whisper cannot do what is asked."""
        if not self.multilingual and options.language not in (None, "en"):
            raise InvalidRequest(
                f"language: this Whisper knows English only, not {options.language!r}"
            )
        if not self.multilingual and options.task == "translate":
            raise InvalidRequest("task: this Whisper knows English only and cannot translate")
        if not self.multilingual and options.detect_language:
            raise InvalidRequest("model: this Whisper knows English only, and tells no languages")

    def _recognise(self, prompted: Sequence[Prompted]) -> list[ChunkTranscript]:
        """Transcribe chunks of like lengths behind prompts of one length, at one temperature."""
        chunks, features, frames, previous = zip(*prompted, strict=True)
        encoded = self._network.encode(_stacked(features, frames[0]))
        languages, probabilities = self._languages(encoded, chunks)
        tokenizers = [
            self._vocabulary.tokenizer(language, chunk.options.task)
            for language, chunk in zip(languages, chunks, strict=True)
        ]
        options = chunks[0].options
        prompts = [
            [*text, *tokenizer.sot_sequence, *_told(tokenizer, options)]
            for text, tokenizer in zip(previous, tokenizers, strict=True)
        ]
        longest = max(seconds(len(chunk.audio)) for chunk in chunks)
        most_tokens = FEWEST_TOKENS + round(longest * TOKENS_PER_SECOND)
        results = self._network.generate(
            encoded,
            prompts,
            max_length=min(max(map(len, prompts)) + most_tokens, MAX_TOKENS),
            return_scores=True,
            return_no_speech_prob=True,
            **search(options.temperature, options.beam_size),
        )
        written = [result.sequences_ids[0] for result in results]
        spoken = [
            [token for token in tokens if token < tokenizer.timestamp_begin]
            for tokens, tokenizer in zip(written, tokenizers, strict=True)
        ]
        words = self._words(encoded, chunks, tokenizers, spoken)
        texts = [
            tokenizer.decode(tokens).strip()
            for tokenizer, tokens in zip(tokenizers, spoken, strict=True)
        ]
        return [
            ChunkTranscript(
                language=languages[row],
                language_probabilities=probabilities[row],
                text=texts[row],
                tokens=spoken[row],
                words=words[row],
                temperature=options.temperature,
                # CTranslate2 averages over the tokens, OpenAI counts the end token as well.
                avg_logprob=result.scores[0] * len(written[row]) / (len(written[row]) + 1),
                compression_ratio=compression_ratio(texts[row]),
                no_speech_prob=result.no_speech_prob,
            )
            for row, result in enumerate(results)
        ]

    def _languages(
        self, encoded: ctranslate2.StorageView, chunks: Sequence[Chunk]
    ) -> tuple[list[str], list[dict[str, float]]]:
        """The language of each chunk, and what was heard where the request named none."""
        languages = [chunk.options.language for chunk in chunks]
        heard: list[dict[str, float]] = [{} for _ in chunks]
        if not self.multilingual:
            return ["en"] * len(chunks), [{"en": 1.0} for _ in chunks]
        if None in languages:
            for index, ranking in enumerate(self._network.detect_language(encoded)):
                if languages[index] is None:
                    heard[index] = {
                        token[2:-2]: probability
                        for token, probability in ranking[:LANGUAGES_REPORTED]
                    }
                    languages[index] = next(iter(heard[index]))
        return languages, heard

    def _words(
        self,
        encoded: ctranslate2.StorageView,
        chunks: Sequence[Chunk],
        tokenizers: list[Tokenizer],
        spoken: Sequence[list[int]],
    ) -> list[list]:
        """Word times from cross-attention for the chunks that want them."""
        words: list[list] = [[] for _ in chunks]
        by_start: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for index, chunk in enumerate(chunks):
            if chunk.options.word_timestamps and spoken[index]:
                by_start[tuple(tokenizers[index].sot_sequence)].append(index)
        for start_sequence, indexes in by_start.items():
            alignments = self._network.align(
                rows_of(encoded, indexes),
                list(start_sequence),
                [spoken[i] for i in indexes],
                [len(chunks[i].audio) // HOP for i in indexes],
            )
            for index, alignment in zip(indexes, alignments, strict=True):
                words[index] = words_of(spoken[index], alignment, tokenizers[index])
        return words


def rows_of(encoded: ctranslate2.StorageView, indexes: list[int]) -> ctranslate2.StorageView:
    """The encoder output of some of the chunks of a batch.

    By way of the CPU: CTranslate2 copies it to the card of the network that it is given to, where
    another library's would be on the first card.  The 3.8 MB of a chunk take a millisecond.
    """
    if indexes == list(range(encoded.shape[0])):
        return encoded
    if encoded.dtype == ctranslate2.DataType.bfloat16:  # which NumPy does not have
        encoded = encoded.to(ctranslate2.DataType.float32)
    if encoded.device != "cpu":
        encoded = encoded.to_device(ctranslate2.Device.cpu)
    return ctranslate2.StorageView.from_array(np.ascontiguousarray(np.asarray(encoded)[indexes]))


def _stacked(features: Sequence[Features], frames: int) -> ctranslate2.StorageView:
    """Log-mel spectrograms [batch, mels, frames], each normalised over its own chunk."""
    return ctranslate2.StorageView.from_array(np.stack([each()[:, :frames] for each in features]))


def _samples(heard: Heard | Prompted) -> int:
    return len(heard[0].audio)


def _frames(heard: Heard) -> int:
    # Of its own length each: what a chunk sounds like must not depend on its neighbours.
    return heard[2]


def _told(tokenizer: Tokenizer, options: Options) -> list[int]:
    return [tokenizer.no_timestamps] if options.without_timestamps else []


def _kind(prompted: Prompted) -> tuple[int, int, bool, int, float]:
    """What must be the same in a batch of CTranslate2's."""
    chunk, _, frames, previous = prompted
    options = chunk.options
    # It wants <|startoftranscript|> at one position, and prompts of one length.
    alike = len(previous), options.without_timestamps
    return frames, *alike, options.beam_size, options.temperature
