"""Turns in which nothing of their speaker was understood, asked about by themselves.

Of two who speak at once Whisper writes down one, and where one speaker follows another it may leave
out what is between them.  Its words seem to leave no gap then: who should have said something is
known once the recording is diarized.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace

import numpy as np

from documents import Segment, Transcript, Turn, Word
from pipeline.alignment.sentences import split_sentences
from pipeline.audio import SAMPLE_RATE
from pipeline.leaf_documents import ChunkTranscript
from pipeline.options import Options
from pipeline.transcription.chunking import Chunk
from pipeline.transcription.decoding import (
    MAX_COMPRESSION_RATIO,
    compression_ratio,
    is_silence,
)
from pipeline.transcription.gaps.filling import SAME_WORD, joined, middle, spelt
from pipeline.transcription.gaps.unheard import Unheard, unheard

MOST = 0.5  # of a recording: where more seems to be missing, it is no speech that Whisper knows
# Lower than for what nobody else has heard: diarization says that somebody speaks.
MIN_AVG_LOGPROB = -1.2
LETTERS_PER_SECOND = 26  # that anybody says; more of them are a loop, in which words have no time


def hear_turns(
    audio: np.ndarray,
    transcript: Transcript,
    turns: Sequence[Turn],
    options: Options,
    recognise: Callable[[Chunk], "Future[ChunkTranscript]"],
) -> Transcript:
    """Ask once more about the parts of turns in which their speakers have no words.

    Args:
        audio: INT16 [samples] at 16 kHz.
        transcript: its words have speakers.
        turns: theirs.
        options: of the recording.
        recognise: one attempt at a piece of it.

    Returns:
        The transcript with what was found: in the sentences of who says it, or as sentences of
        their own, in order of their starts.  What is doubtful leaves it as it is.

    Raises:
        PipelineError: a piece could not be recognised.
    """
    words = [word for segment in transcript.segments for word in segment.words]
    if not words or transcript.task == "translate":
        return transcript
    said = _Said(words)
    asked = options.model_copy(
        update={
            "language": transcript.language,
            "word_timestamps": True,
            "without_timestamps": False,
        }
    )
    segments = transcript.segments
    left = MOST * transcript.duration
    parts: Iterable[Unheard] = unheard(words, turns)
    while missing := list(_affordable(parts, left)):
        left -= sum(part.seconds_heard for part in missing)
        answers = [recognise(_piece(audio, each, asked)) for each in missing]
        again = []
        for part, answer in zip(missing, answers, strict=True):
            heard = answer.result()
            found = list(_found(part, heard, said)) if _is_credible(heard) else []
            if _can_be_said(part, found):
                said.add(found)
                for sentence in _sentences(part, heard, found):
                    segments = _with(segments, sentence, transcript.language)
            elif part.before and part.is_amid:
                again.append(replace(part, before=0.0))
        parts = again
    return transcript.model_copy(update={"segments": segments})


def _affordable(parts: Iterable[Unheard], most: float) -> Iterator[Unheard]:
    """The first ones, until so many seconds are to be heard."""
    for part in parts:
        most -= part.seconds_heard
        if most < 0:
            return
        yield part


def _piece(audio: np.ndarray, part: Unheard, options: Options) -> Chunk:
    first, last = (round(at * SAMPLE_RATE) for at in (part.heard_from, part.heard_until))
    return Chunk(audio[first:last], options, part.end)


def _is_credible(heard: ChunkTranscript) -> bool:
    if is_silence(heard) or heard.compression_ratio > MAX_COMPRESSION_RATIO:
        return False
    return heard.avg_logprob >= MIN_AVG_LOGPROB


def _can_be_said(part: Unheard, found: list[Word]) -> bool:
    """Whether these are words, and no more than there is time for."""
    letters = sum(len(spelt(word)) for word in found)
    return 0 < letters <= LETTERS_PER_SECOND * (part.end - part.start)


class _Said:
    """When each word was said, whoever said it."""

    def __init__(self, words: Iterable[Word]) -> None:
        self._middles: dict[str, list[float]] = defaultdict(list)
        self.add(words)

    def add(self, words: Iterable[Word]) -> None:
        for word in words:
            insort(self._middles[spelt(word)], middle(word))

    def just_then(self, word: Word, at: float) -> bool:
        middles = self._middles.get(spelt(word), [])
        before = max(0, bisect_left(middles, at) - 1)
        nearest = middles[before : before + 2]
        return any(abs(other - at) < SAME_WORD for other in nearest)


def _found(part: Unheard, heard: ChunkTranscript, said: _Said) -> Iterator[Word]:
    """The words that were heard there and that nobody has said just then."""
    for word in heard.words:
        start, end = (part.heard_from + at for at in (word.start, word.end))
        at = (start + end) / 2
        if part.start <= at <= part.end and not said.just_then(word, at):
            times = {"start": start, "end": end}
            yield word.model_copy(update={**times, "speaker": part.turn.speaker})


def _sentences(part: Unheard, heard: ChunkTranscript, words: list[Word]) -> list[Segment]:
    text = joined(words, heard.language)
    return split_sentences(
        Segment(
            start=words[0].start,
            end=words[-1].end,
            text=text,
            words=words,
            speaker=part.turn.speaker,
            tokens=[token for word in words for token in word.tokens],
            temperature=heard.temperature,
            avg_logprob=heard.avg_logprob,
            compression_ratio=compression_ratio(text),
            no_speech_prob=heard.no_speech_prob,
        )
    )


def _with(segments: list[Segment], found: Segment, language: str | None) -> list[Segment]:
    """These and what was found: in a sentence of who says it, or as one of its own."""
    after = bisect_left(segments, found.start, key=lambda segment: segment.start)
    for number in reversed(range(after)):
        segment = segments[number]
        if segment.speaker == found.speaker and segment.words:
            if segment.words[-1].start > found.start:
                inserted = _inserted(segment, found, language)
                return [*segments[:number], inserted, *segments[number + 1 :]]
            break
    return [*segments[:after], found, *segments[after:]]


def _inserted(segment: Segment, found: Segment, language: str | None) -> Segment:
    at = bisect_left(segment.words, found.start, key=lambda word: word.start)
    before, after = segment.words[:at], segment.words[at:]
    last, next_start = found.words[-1], after[0].start
    before[-1] = before[-1].model_copy(update={"end": min(before[-1].end, found.start)})
    last = last.model_copy(update={"end": max(last.start, min(last.end, next_start))})
    words = [*before, *found.words[:-1], last, *after]
    text = joined(words, language)
    logprobs = [logprob for word in words for logprob in word.logprobs]
    return segment.model_copy(
        update={
            "text": text,
            "words": words,
            "tokens": [token for word in words for token in word.tokens],
            "avg_logprob": float(np.mean(logprobs)) if logprobs else segment.avg_logprob,
            "compression_ratio": compression_ratio(text),
        }
    )
