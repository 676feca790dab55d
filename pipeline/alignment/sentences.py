"""Segments of about a sentence, made from the timed words of a chunk."""

import re
from collections.abc import Iterable, Iterator

import numpy as np

from documents import Segment, Word
from pipeline.transcription.decoding import compression_ratio

LONGEST_PAUSE = 1.5  # seconds within a sentence
SENTENCE_END = re.compile(r"[.!?。！？…؟।]+[\"'»”’)\]]*$")
# A full stop behind these, or behind a single letter, ends no sentence.
ABBREVIATIONS = set("mr mrs ms dr prof st vs etc jr sr inc ltd z.b d.h bzw ca".split())


def split_sentences(segment: Segment) -> list[Segment]:
    """Cut a segment after sentences and at long pauses; without words it stays whole."""
    if not segment.words:
        return [segment]
    return cut(segment, _sentences(segment.words))


def cut(segment: Segment, runs: Iterable[list[Word]]) -> list[Segment]:
    """Cut a segment into the runs that its words are made of.

    Each part has the times, tokens and mean log probability of its words, and
    its text as the segment has it: in some scripts there is no space between words.

    Args:
        runs: all words of the segment in their order; they may be copies that
            say the same.
    """
    parts = []
    start = 0
    for words in runs:
        end = _end(words, segment.text, start)
        text = " ".join(word.word for word in words)
        if end is not None:
            text, start = segment.text[start:end].strip(), end
        logprobs = [logprob for word in words for logprob in word.logprobs]
        parts.append(
            segment.model_copy(
                update={
                    "start": words[0].start,
                    "end": max(word.end for word in words),
                    "text": text,
                    "words": words,
                    "tokens": [token for word in words for token in word.tokens],
                    "avg_logprob": float(np.mean(logprobs)) if logprobs else segment.avg_logprob,
                    "compression_ratio": compression_ratio(text),
                }
            )
        )
    return parts


def _end(words: list[Word], text: str, start: int) -> int | None:
    """Where these words end in a text, from ``start`` on; None if it does not say them there."""
    for word in words:
        first = text.find(word.word, start)
        if first < 0 or text[start:first].strip():
            return None
        start = first + len(word.word)
    return start


def _sentences(words: list[Word]) -> Iterator[list[Word]]:
    sentence: list[Word] = []
    for word in words:
        if sentence and (
            _ends_sentence(sentence[-1].word) or word.start - sentence[-1].end > LONGEST_PAUSE
        ):
            yield sentence
            sentence = []
        sentence.append(word)
    yield sentence


def _ends_sentence(word: str) -> bool:
    if not SENTENCE_END.search(word):
        return False
    stem = word.rstrip(".").lower()
    is_abbreviation = stem in ABBREVIATIONS or (len(stem) == 1 and stem.isalpha() and stem != "i")
    return not (word.endswith(".") and is_abbreviation)
