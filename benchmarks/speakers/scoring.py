"""Turns and words against the truth."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import jiwer
import numpy as np
from pyannote.core import Annotation, Segment
from pyannote.metrics.diarization import DiarizationErrorRate, JaccardErrorRate
from scipy.optimize import linear_sum_assignment

from documents import Turn, Word
from tests.speech.scoring import normalise

COLLAR = 0.25  # seconds on both sides of each of the truth's borders do not count
SAME_WORD = 1.5  # seconds between a word and what was said, at most


@dataclass(frozen=True)
class TurnScore:
    """How well turns are told."""

    der: float
    jer: float
    said: int  # how many people there are
    found: int


@dataclass(frozen=True)
class WordScore:
    """How many words are told, and whose they are."""

    matched: int  # words that were said and understood
    right: int  # of these, with the speaker who said them


def score_turns(truth: Sequence[Turn], turns: Sequence[Turn]) -> TurnScore:
    """DER and JER with a collar; overlaps count."""
    reference, hypothesis = _annotation(truth), _annotation(turns)
    # pyannote counts a collar as the whole width around a border.
    der = DiarizationErrorRate(collar=2 * COLLAR)(reference, hypothesis)
    jer = JaccardErrorRate(collar=2 * COLLAR)(reference, hypothesis)
    return TurnScore(der, jer, len(reference.labels()), len(hypothesis.labels()))


def score_words(truth: Sequence[Word], words: Sequence[Word]) -> WordScore:
    """Words are matched by their order, text and time, speakers one to one by their words."""
    said, heard = spoken(truth), spoken(words)
    pairs = [
        (one, other)
        for one, other in _matches([w for w, _ in said], [w for w, _ in heard])
        if abs(middle(said[one][1]) - middle(heard[other][1])) <= SAME_WORD
    ]
    table = Counter((said[one][1].speaker, heard[other][1].speaker) for one, other in pairs)
    return WordScore(len(pairs), _one_to_one(table))


def _one_to_one(table: Counter) -> int:
    """The most words that are right, if each label stands for one person."""
    people = sorted({one for one, _ in table})
    labels = sorted({other for _, other in table}, key=str)
    counts = np.array([[table[one, other] for other in labels] for one in people])
    if not counts.size:
        return 0
    rows, columns = linear_sum_assignment(counts, maximize=True)
    return int(counts[rows, columns].sum())


def _matches(said: list[str], heard: list[str]) -> list[tuple[int, int]]:
    if not said or not heard:
        return []
    chunks = jiwer.process_words(" ".join(said), " ".join(heard)).alignments[0]
    return [
        (part.ref_start_idx + i, part.hyp_start_idx + i)
        for part in chunks
        if part.type == "equal"
        for i in range(part.ref_end_idx - part.ref_start_idx)
    ]


def spoken(words: Sequence[Word]) -> list[tuple[str, Word]]:
    """Words as a listener hears them, in order of their times."""
    ordered = sorted(words, key=middle)
    return [(text, word) for word in ordered for text in normalise(word.word).split()]


def middle(word: Word) -> float:
    """When a word is said, in seconds."""
    return (word.start + word.end) / 2


def _annotation(turns: Sequence[Turn]) -> Annotation:
    annotation = Annotation()
    for number, turn in enumerate(turns):
        annotation[Segment(turn.start, turn.end), number] = turn.speaker
    return annotation
