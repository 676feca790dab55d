"""Alignment: segments of text in, segments of about a sentence with timed words out."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np

from documents import Segment, Transcript, Word
from pipeline.alignment.ctc import Labels, align_words
from pipeline.alignment.sentences import split_sentences
from pipeline.audio import SAMPLE_RATE


@dataclass(frozen=True)
class Emission:
    """What a CTC network says of a stretch of audio."""

    log_probabilities: np.ndarray  # float32 [frames, labels]
    labels: Labels


Emit = Callable[[np.ndarray], "Future[Emission]"]


def align(audio: np.ndarray, transcript: Transcript, emit: Emit | None) -> Transcript:
    """Give every word its times, and cut the segments into sentences.

    Args:
        audio: INT16 [samples] at 16 kHz, the whole recording.
        transcript: segments with their text, and with the word times of
            cross-attention unless ``emit`` replaces them.
        emit: takes a stretch of audio to a CTC network, or ``None`` for the
            times that the words have.

    Raises:
        PipelineError: the network failed.
    """
    segments = transcript.segments
    if emit is not None:
        emissions = [emit(audio[_samples(s.start) : _samples(s.end)]) for s in segments]
        segments = [
            segment.model_copy(update={"words": _ctc_words(segment, emission.result())})
            for segment, emission in zip(segments, emissions, strict=True)
        ]
    sentences = [sentence for segment in segments for sentence in split_sentences(segment)]
    return transcript.model_copy(update={"segments": sentences})


def _samples(time: float) -> int:
    return round(time * SAMPLE_RATE)


def _ctc_words(segment: Segment, emission: Emission) -> list[Word]:
    words = align_words(
        segment.text, emission.log_probabilities, emission.labels, segment.start, segment.end
    )
    if words is None:
        # More characters than frames: the text cannot be what was said, but it keeps a time.
        return segment.words or _evenly(segment, emission.labels.spaced)
    _hand_over_tokens(segment.words, words)
    return words


def _hand_over_tokens(before: list[Word], words: list[Word]) -> None:
    """Give words the tokens of the words before, which say the same cut in other places.

    A token goes to the word that has its first character; Chinese, say, is
    timed by the character, of which a token may hold several.
    """
    ends = np.cumsum([_characters(word) for word in words])
    position = 0
    for word in before:
        heir = words[min(int(np.searchsorted(ends, position, side="right")), len(words) - 1)]
        heir.tokens += word.tokens
        heir.logprobs += word.logprobs
        position += _characters(word)


def _characters(word: Word) -> int:
    return len("".join(word.word.split()))


def _evenly(segment: Segment, spaced: bool) -> list[Word]:
    """Words spread over the segment by their length, with a score of 0."""
    texts = segment.text.split() if spaced else list(segment.text.replace(" ", ""))
    ends = np.cumsum([len(text) for text in texts]) / max(sum(map(len, texts)), 1)
    duration = segment.end - segment.start
    starts = [0.0, *ends[:-1].tolist()]
    return [
        Word(
            word=text,
            start=segment.start + start * duration,
            end=segment.start + end * duration,
            score=0.0,
        )
        for text, start, end in zip(texts, starts, ends.tolist(), strict=True)
    ]
