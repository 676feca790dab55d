"""What Whisper hears in a gap when it is asked about that alone.

Where one speaker follows another, it may go on after some words, or some seconds, of the second;
asked about these alone it hears most of them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from documents import Word
from pipeline.audio import SAMPLE_RATE
from pipeline.languages import UNSPACED_LANGUAGES
from pipeline.leaf_documents import ChunkTranscript
from pipeline.transcription.chunking import CHUNK_SAMPLES, Chunk
from pipeline.transcription.decoding import compression_ratio, is_doubtful, is_silence
from pipeline.transcription.gaps.finding import WORD_SECONDS, Gap, gaps

CONTEXT = 0.2  # seconds before and after a gap that are heard with it
# Where that is doubtful, so many seconds of its end are left out: what is heard there may be the
# beginning of another sentence.
LEFT_OUT = (0.0, 0.6)
SHORTEST = 1.5  # seconds that are worth another attempt
SHORTEST_WORD = 0.2  # seconds
SAME_WORD = 0.7  # seconds from a word to the same word heard again, at most


def fill_gaps(
    chunk: Chunk, heard: ChunkTranscript, recognise: Callable[[Chunk], ChunkTranscript]
) -> ChunkTranscript:
    """Ask once more about the speech of a chunk that its words leave out.

    Args:
        chunk: with the times of its speech; without them nothing is asked.
        heard: what counts of it so far, see :func:`pipeline.transcription.decoding.until_credible`.
        recognise: one attempt at a piece of it.

    Returns:
        ``heard`` with words in its gaps.  What is doubtful there, or no longer than what stood
        there before, leaves it as it is.

    Raises:
        PipelineError: a piece could not be recognised.
    """
    if not heard.words or chunk.options.task == "translate":
        return heard
    options = chunk.options.model_copy(update={"language": heard.language})
    asked = replace(chunk, options=options, speech=())
    words, attempts = heard.words, [heard]
    for gap in reversed(list(gaps(heard.words, chunk.speech))):
        again, begin = _hear(gap, asked, recognise)
        if again is None:
            continue
        found = list(_in_gap(gap, words, _moved(again.words, begin)))
        stretched = words[gap.first : gap.last]
        if _letters(found) > _letters(stretched):
            found = _with_ends(gap, stretched, found)
            words = [*words[: gap.first], *found, *words[gap.last :]]
            attempts.append(again)
    return heard if len(attempts) == 1 else _with_words(words, attempts)


def _hear(
    gap: Gap, chunk: Chunk, recognise: Callable[[Chunk], ChunkTranscript]
) -> tuple[ChunkTranscript | None, float]:
    """What is heard in a gap, None if nothing credible is, and where its piece begins, seconds."""
    first = max(0, round((gap.start - CONTEXT) * SAMPLE_RATE))
    for left_out in LEFT_OUT:
        last = min(round((gap.end + CONTEXT - left_out) * SAMPLE_RATE), first + CHUNK_SAMPLES)
        if left_out and last - first < SHORTEST * SAMPLE_RATE:
            break
        again = recognise(replace(chunk, audio=chunk.audio[first:last]))
        if not (is_silence(again) or is_doubtful(again)):
            return again, first / SAMPLE_RATE
    return None, 0.0


def _moved(words: Iterable[Word], by: float) -> Iterable[Word]:
    return (
        word.model_copy(update={"start": word.start + by, "end": word.end + by}) for word in words
    )


def _in_gap(gap: Gap, words: Sequence[Word], again: Iterable[Word]) -> Iterable[Word]:
    """The words that were heard there, but for those that stand beside it already."""
    before, after = words[: gap.first], words[gap.last :]
    earliest = before[-1].end if before else 0.0
    latest = after[0].start if after else gap.end
    beside = [*before[-3:], *after[:3]]
    for word in again:
        at = middle(word)
        known = any(
            spelt(word) == spelt(other) and abs(middle(other) - at) < SAME_WORD for other in beside
        )
        if gap.start <= at <= gap.end and not known:
            times = {"start": max(word.start, earliest), "end": min(word.end, latest)}
            yield word.model_copy(update=times)


def _with_ends(gap: Gap, stretched: Sequence[Word], found: list[Word]) -> list[Word]:
    """The words with those that seemed to last too long, where there is room for one beside them.

    One of a sentence's last words, say, is the whole gap's, and the piece ends in the middle of it.
    """
    known = {spelt(word) for word in found}
    unheard = [word for word in stretched if spelt(word) not in known]
    ends = list(found)
    room = min(WORD_SECONDS, found[0].start - gap.start)
    if unheard and unheard[0] is stretched[0] and room >= SHORTEST_WORD:
        times = {"start": found[0].start - room, "end": found[0].start}
        ends.insert(0, unheard.pop(0).model_copy(update=times))
    room = min(WORD_SECONDS, gap.end - found[-1].end)
    if unheard and unheard[-1] is stretched[-1] and room >= SHORTEST_WORD:
        times = {"start": gap.end - room, "end": gap.end}
        ends.append(unheard[-1].model_copy(update=times))
    return ends


def _with_words(words: list[Word], attempts: Sequence[ChunkTranscript]) -> ChunkTranscript:
    """The first attempt with these words, which are of all of them."""
    heard = attempts[0]
    text = joined(words, heard.language)
    sizes = [len(attempt.tokens) for attempt in attempts]
    logprobs = sum(a.avg_logprob * size for a, size in zip(attempts, sizes, strict=True))
    return heard.model_copy(
        update={
            "text": text,
            "words": words,
            "tokens": [token for word in words for token in word.tokens],
            "avg_logprob": logprobs / sum(sizes),
            "compression_ratio": compression_ratio(text),
        }
    )


def _letters(words: Iterable[Word]) -> int:
    return sum(len(spelt(word)) for word in words)


def joined(words: Iterable[Word], language: str | None) -> str:
    """The text that words are."""
    return ("" if language in UNSPACED_LANGUAGES else " ").join(word.word for word in words)


def spelt(word: Word) -> str:
    """Its letters and digits, by which it is the same word again."""
    return "".join(filter(str.isalnum, word.word.lower()))


def middle(word: Word) -> float:
    """Seconds."""
    return (word.start + word.end) / 2
