"""Alignment: segments of text in, segments of about a sentence with timed words out."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np

from pipeline.audio import SAMPLE_RATE
from pipeline.ctc import Labels, align_words
from pipeline.documents import Segment, Transcript, Word
from pipeline.sentences import split_sentences


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
    sentences = [
        sentence
        for segment in segments
        for sentence in split_sentences(segment, transcript.language)
    ]
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
    if [word.word for word in words] == [word.word for word in segment.words]:
        for word, before in zip(words, segment.words, strict=True):
            word.tokens = before.tokens
    return words


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
