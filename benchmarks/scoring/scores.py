"""What was said and who said it, against the truth."""

from pyannote.core import Annotation, Segment

from benchmarks.audio.recordings import Recording
from tests.speech import scoring


def diarization_error(recording: Recording, turns: list[dict]) -> float:
    """The DER of turns with ``start``, ``end`` and ``speaker``; no collar, overlaps count."""
    truth = Annotation()
    for number, (start, end, speaker) in enumerate(recording.turns):
        truth[Segment(start, end), number] = speaker
    return scoring.diarization_error_rate(truth, turns)


def word_error(recording: Recording, words: list[str]) -> float:
    """The word error rate of words in order."""
    return scoring.word_error_rate(recording.text or "", " ".join(words))
