"""Transcripts and turns against what was really said."""

import re
from dataclasses import dataclass
from pathlib import Path

import jiwer
from pyannote.core import Annotation, Segment
from pyannote.metrics.diarization import DiarizationErrorRate

# pyannote's own pipeline with the same two networks, on its sample (make bench, group accuracy).
STOCK_DER = 0.052


@dataclass(frozen=True)
class Utterance:
    """A line of an .stm file; times in seconds."""

    speaker: str
    start: float
    end: float
    text: str


def read_stm(path: Path) -> list[Utterance]:
    """Who said what, when, in order."""
    utterances = []
    for line in path.read_text().splitlines():
        _, _, speaker, start, end, text = line.split(maxsplit=5)
        utterances.append(Utterance(speaker, float(start), float(end), text))
    return utterances


def read_rttm(path: Path) -> Annotation:
    """Who spoke when."""
    annotation = Annotation()
    for number, line in enumerate(path.read_text().splitlines()):
        fields = line.split()
        start, duration = float(fields[3]), float(fields[4])
        annotation[Segment(start, start + duration), number] = fields[7]
    return annotation


def normalise(text: str) -> str:
    """Lower case without punctuation; what a listener could not hear does not count."""
    text = text.lower().replace("ё", "е").replace("’", "'")
    return " ".join(re.sub(r"[^\w' ]", " ", text).split())


def word_error_rate(reference: str, hypothesis: str) -> float:
    """Substitutions, deletions and insertions over the words of the reference."""
    return jiwer.wer(normalise(reference), normalise(hypothesis))


def diarization_error_rate(reference: Annotation, turns: list[dict]) -> float:
    """Missed, false and confused speech over all speech; no collar, overlaps count."""
    hypothesis = Annotation()
    for number, turn in enumerate(turns):
        hypothesis[Segment(turn["start"], turn["end"]), number] = turn["speaker"]
    return DiarizationErrorRate()(reference, hypothesis)


def words_in_their_utterance(
    utterances: list[Utterance], words: list[dict], tolerance: float
) -> tuple[int, int]:
    """Of the words that were recognised: how many lie in the utterance they belong to, how many.

    Args:
        words: with ``word``, ``start`` and ``end`` in seconds, one normalised word each.
    """
    reference = [
        (word, utterance) for utterance in utterances for word in normalise(utterance.text).split()
    ]
    alignment = jiwer.process_words(
        " ".join(word for word, _ in reference), " ".join(normalise(w["word"]) for w in words)
    ).alignments[0]
    inside = matched = 0
    for part in alignment:
        if part.type != "equal":
            continue
        pairs = zip(
            reference[part.ref_start_idx : part.ref_end_idx],
            words[part.hyp_start_idx : part.hyp_end_idx],
            strict=True,
        )
        for (_, utterance), word in pairs:
            matched += 1
            inside += (
                word["start"] >= utterance.start - tolerance
                and word["end"] <= utterance.end + tolerance
            )
    return inside, matched
