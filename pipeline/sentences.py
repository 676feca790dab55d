"""Segments of about a sentence, made from the timed words of a chunk."""

import re
from collections.abc import Iterator

from pipeline.documents import Segment, Word
from pipeline.word_timing import UNSPACED_LANGUAGES

LONGEST_PAUSE = 1.5  # seconds within a sentence
SENTENCE_END = re.compile(r"[.!?。！？…؟।]+[\"'»”’)\]]*$")
# A full stop behind these, or behind a single letter, ends no sentence.
ABBREVIATIONS = set("mr mrs ms dr prof st vs etc jr sr inc ltd z.b d.h bzw ca".split())


def split_sentences(segment: Segment, language: str | None) -> list[Segment]:
    """Cut a segment after sentences and at long pauses; without words it stays whole."""
    if not segment.words:
        return [segment]
    sentences = list(_sentences(segment.words))
    return [with_words(segment, words, language) for words in sentences]


def with_words(segment: Segment, words: list[Word], language: str | None) -> Segment:
    """The part of a segment that consists of these words, with the text and times they have."""
    separator = "" if language in UNSPACED_LANGUAGES else " "
    return segment.model_copy(
        update={
            "start": words[0].start,
            "end": max(word.end for word in words),
            "text": separator.join(word.word for word in words),
            "words": words,
            "tokens": [token for word in words for token in word.tokens],
        }
    )


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
