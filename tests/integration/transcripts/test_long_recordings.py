"""Long recordings: no word is lost or doubled where chunks meet, and times do not drift."""

import itertools

import jiwer
import numpy as np
import pytest

from pipeline.audio import SAMPLE_RATE, seconds
from pipeline.transcription.chunking import LONGEST_SPEECH, chunks
from pipeline.transcription.voice_activity import VoiceActivityDetector
from tests.clients.asking import RECORDINGS, transcript_of_samples
from tests.speech.media import read_audio
from tests.speech.scoring import normalise, word_error_rate


@pytest.fixture(scope="module")
def passage() -> np.ndarray:
    """Two minutes of reading, INT16 at 16 kHz."""
    return read_audio(RECORDINGS / "passage.opus")


@pytest.fixture(scope="module")
def detector() -> VoiceActivityDetector:
    return VoiceActivityDetector()


def without_pauses(audio: np.ndarray, detector: VoiceActivityDetector) -> np.ndarray:
    spans = detector.spans(audio, LONGEST_SPEECH)
    return np.concatenate([audio[span.start : span.end] for span in spans])


def places_in(said: str, heard: str) -> dict[int, int]:
    """Which word of what was said each word is that was heard right."""
    return {
        part.hyp_start_idx + i: part.ref_start_idx + i
        for part in jiwer.process_words(said, heard).alignments[0]
        if part.type == "equal"
        for i in range(part.hyp_end_idx - part.hyp_start_idx)
    }


@pytest.mark.parametrize("breathless", [False, True])
def test_no_word_is_lost_or_doubled_where_chunks_meet(
    service, tmp_path, passage, detector, breathless
):
    audio = without_pauses(passage, detector) if breathless else passage
    cuts = list(chunks(detector.spans(audio, LONGEST_SPEECH), len(audio)))
    borders = [seconds((a.end + b.start) // 2) for a, b in itertools.pairwise(cuts)]
    assert len(borders) >= 3
    transcript = transcript_of_samples(service, tmp_path, audio, language="en", diarize="false")
    said = normalise((RECORDINGS / "passage.txt").read_text())
    heard = [
        (part, word["start"], word["end"])
        for word in transcript["word_segments"]
        for part in normalise(word["word"]).split()
    ]
    text = " ".join(part for part, *_ in heard)
    assert word_error_rate(said, text) <= 0.05
    place = places_in(said, text)
    for border in borders:
        last = max(i for i, (_, start, _) in enumerate(heard) if start < border - 0.02)
        # What was heard on either side of the border was said one after the other.
        assert last in place, heard[last]
        assert place.get(last + 1) == place[last] + 1, heard[last - 1 : last + 3]
    starts = [start for _, start, _ in heard]
    assert starts == sorted(starts)


def test_times_do_not_drift_over_an_hour(service, tmp_path, passage):
    clip = passage[: 10 * SAMPLE_RATE]
    hour = np.zeros(60 * 60 * SAMPLE_RATE, np.int16)
    offsets = (1.0, 30 * 60 + 0.017, 59 * 60 + 0.711)
    for offset in offsets:
        first = round(offset * SAMPLE_RATE)
        hour[first : first + len(clip)] = clip
    transcript = transcript_of_samples(service, tmp_path, hour, language="en", diarize="false")
    assert transcript["duration"] == 3600.0
    words = transcript["word_segments"]
    assert len(words) % 3 == 0
    assert len(words) >= 3 * 20
    first, *later = (words[i * len(words) // 3 :][: len(words) // 3] for i in range(3))
    for offset, again in zip(np.subtract(offsets[1:], offsets[0]), later, strict=True):
        for before, after in zip(first, again, strict=True):
            assert after["word"] == before["word"]
            assert after["start"] - offset == pytest.approx(before["start"], abs=0.1)
            assert after["end"] - offset == pytest.approx(before["end"], abs=0.1)
