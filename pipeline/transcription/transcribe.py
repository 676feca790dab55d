"""Transcription: a recording in, segments of text out, one for each chunk."""

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from itertools import chain, islice

import numpy as np

from documents import Segment, Transcript
from pipeline.audio import SAMPLE_RATE, Span, seconds, to_float
from pipeline.leaf_documents import ChunkTranscript
from pipeline.options import Options
from pipeline.transcription.chunking import CHUNK_SAMPLES, LONGEST_SPEECH, Chunk, chunks
from pipeline.transcription.language_vote import LanguageVote, elect
from pipeline.transcription.voice_activity import VoiceActivityDetector
from pipeline.transcription.word_timing import SECONDS_PER_STEP

Recognise = Callable[[Chunk], "Future[ChunkTranscript]"]
Answers = Iterable[tuple[Span, "Future[ChunkTranscript]"]]

HEARD_SAMPLES = CHUNK_SAMPLES  # by which a language is detected where nothing else is wanted
VOTERS = 16  # chunks, some six minutes of speech, that decide on the language
ONSET = 0.05  # of a word's loudest step: under it, 26 dB, is the silence before the word
FIRST_VOTERS = 3  # where somebody waits for the first words: less than a batch of Whisper


def transcribe(
    audio: np.ndarray,
    options: Options,
    detector: VoiceActivityDetector,
    recognise: Recognise,
    model: str,
) -> Transcript:
    """Find the speech, cut it into chunks, have them recognised and put the answers in order.

    Where no language is asked for, the first chunks are recognised in the
    language that each of them sounds like.  Their votes decide, and only
    those that disagree are recognised again: detection costs no extra pass.

    Args:
        audio: INT16 [samples] at 16 kHz.
        recognise: takes a chunk to a Whisper (:mod:`pipeline.transcription.recognition`).
        model: the name of that network, for the record.

    Returns:
        The transcript, with no segments and perhaps no language if nobody speaks.

    Raises:
        PipelineError: a chunk could not be recognised.
    """
    language, vote, first, later = _ask(audio, options, detector, recognise, VOTERS)
    later = list(later)  # are under way while the first ones are waited for
    answers = [*first, *later]
    segments = [_segment(audio, span, future.result()) for span, future in answers]
    return Transcript(
        model=model,
        language=language,
        language_probability=1.0 if options.language else vote.probability,
        task=options.task,
        duration=seconds(len(audio)),
        segments=[segment for segment in segments if segment.text],
        speech_seconds=_heard(segments),
    )


def transcribe_in_parts(
    audio: np.ndarray,
    options: Options,
    detector: VoiceActivityDetector,
    recognise: Recognise,
    model: str,
) -> Iterator[Transcript]:
    """The same as :func:`transcribe`, each segment as soon as it and those before it are there.

    Fewer chunks decide on the language, because nothing can be said before.

    Yields:
        A transcript with one segment, again and again; at last one without any.

    Raises:
        PipelineError: a chunk could not be recognised.
    """
    language, vote, first, later = _ask(audio, options, detector, recognise, FIRST_VOTERS)
    part = Transcript(
        model=model,
        language=language,
        language_probability=1.0 if options.language else vote.probability,
        task=options.task,
        duration=seconds(len(audio)),
    )
    heard = 0.0
    for segment in _as_ready(audio, chain(first, later)):
        heard += _heard([segment])
        if segment.text:
            yield part.model_copy(update={"segments": [segment]})
    yield part.model_copy(update={"speech_seconds": heard})


def _heard(segments: list[Segment]) -> float:
    """Seconds of these, text or not."""
    return sum(segment.end - segment.start for segment in segments)


def _as_ready(audio: np.ndarray, answers: Answers) -> Iterator[Segment]:
    """The segments in order; chunks are sent on meanwhile."""
    waiting: deque[tuple[Span, Future[ChunkTranscript]]] = deque()
    for answer in answers:
        waiting.append(answer)
        while waiting and waiting[0][1].done():
            span, future = waiting.popleft()
            yield _segment(audio, span, future.result())
    for span, future in waiting:
        yield _segment(audio, span, future.result())


def _ask(
    audio: np.ndarray,
    options: Options,
    detector: VoiceActivityDetector,
    recognise: Recognise,
    most_voters: int,
) -> tuple[str | None, LanguageVote, Answers, Answers]:
    """The language, the vote on it and, lazily, the chunks with what is or will be heard.

    The chunks that voted come apart from the later ones: those that disagree
    are asked again as soon as that is known of them.
    """
    wants_words = options.word_timestamps or options.diarize
    asked = options.model_copy(update={"word_timestamps": wants_words})

    def submit(span: Span, language: str | None) -> "Future[ChunkTranscript]":
        options = asked.model_copy(update={"language": language})
        chunk = audio[span.start : span.end]
        return recognise(Chunk(chunk, options, seconds(span.end), _within(span, speech)))

    speech: list[Span] = []  # as far as it is known
    spans = chunks(_noted(detector.spans(audio, LONGEST_SPEECH), speech), len(audio))
    language, vote = options.language, LanguageVote()
    while language is None:
        more = [(span, submit(span, None)) for span in islice(spans, most_voters)]
        if not more:
            break
        language = vote.hold(more)
    first = (
        (span, future if language in (None, future.result().language) else submit(span, language))
        for span, future in vote.voters
    )
    return language, vote, first, ((span, submit(span, language)) for span in spans)


def _noted(spans: Iterable[Span], noted: list[Span]) -> Iterator[Span]:
    for span in spans:
        noted.append(span)
        yield span


def _within(chunk: Span, speech: list[Span]) -> tuple[tuple[float, float], ...]:
    """The spans of speech in a chunk, seconds from its start."""
    first = bisect_left(speech, chunk.start, key=lambda span: span.start)
    last = bisect_left(speech, chunk.end, key=lambda span: span.start)
    return tuple(
        (seconds(span.start - chunk.start), seconds(span.end - chunk.start))
        for span in speech[first:last]
    )


def detect_language(
    audio: np.ndarray,
    options: Options,
    detector: VoiceActivityDetector,
    recognise: Recognise,
    model: str,
) -> Transcript:
    """The language of the first half minute of speech; arguments as of :func:`transcribe`.

    Returns:
        A transcript without segments, with no language if nobody speaks.

    Raises:
        PipelineError: a chunk could not be listened to, or this Whisper knows one language only.
    """
    asked = options.model_copy(update={"language": None, "detect_language": True})
    voters, heard = [], 0
    for span in chunks(detector.spans(audio, LONGEST_SPEECH), len(audio)):
        voters.append((span, recognise(Chunk(audio[span.start : span.end], asked))))
        heard += len(span)
        if heard >= HEARD_SAMPLES:
            break
    language, probability = elect([(span, future.result()) for span, future in voters])
    return Transcript(
        model=model,
        language=language,
        language_probability=probability,
        duration=seconds(len(audio)),
    )


def _segment(audio: np.ndarray, span: Span, chunk: ChunkTranscript) -> Segment:
    """The chunk's answer in the time of the recording."""
    start, end = round(seconds(span.start), 3), round(seconds(span.end), 3)
    if chunk.words and chunk.words[0].start == 0.0:
        # The way through the attention begins at the chunk's first step, not at its first word.
        first_word = audio[span.start : span.start + round(chunk.words[0].end * SAMPLE_RATE)]
        chunk.words[0].start = _onset(first_word)
    return Segment(
        start=start,
        end=end,
        text=chunk.text,
        words=[
            word.model_copy(
                update={
                    "start": round(min(start + word.start, end - SECONDS_PER_STEP), 3),
                    "end": round(min(start + word.end, end), 3),
                }
            )
            for word in chunk.words
        ],
        tokens=chunk.tokens,
        temperature=chunk.temperature,
        avg_logprob=chunk.avg_logprob,
        compression_ratio=chunk.compression_ratio,
        no_speech_prob=chunk.no_speech_prob,
    )


def _onset(audio: np.ndarray) -> float:
    """Seconds of a word's audio, INT16 at 16 kHz, before it can be heard: 0 where it is noisy."""
    step = round(SECONDS_PER_STEP * SAMPLE_RATE)
    steps = to_float(audio[: len(audio) // step * step]).reshape(-1, step)
    if not len(steps):
        return 0.0
    loudness = np.sqrt(np.mean(steps**2, axis=1))
    return float(np.argmax(loudness >= ONSET * loudness.max())) * SECONDS_PER_STEP
