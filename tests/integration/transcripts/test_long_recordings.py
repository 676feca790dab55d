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


def spoken(words: list[dict]) -> str:
    """Their text, one normalised word for each."""
    return " ".join(normalise(word["word"]).replace(" ", "") for word in words)


@pytest.mark.words
@pytest.mark.parametrize("breathless", [pytest.param(False, marks=pytest.mark.long), True])
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
        before = max(i for i in place if i <= last)
        after = min(i for i in place if i > last)
        # As many words were heard across the border as were said there.
        assert after - before <= 3, heard[before : after + 1]
        assert place[after] - place[before] == after - before, heard[before : after + 1]
    starts = [start for _, start, _ in heard]
    assert starts == sorted(starts)


@pytest.mark.words
@pytest.mark.parametrize("minutes", [10, pytest.param(60, marks=pytest.mark.long)])
def test_times_do_not_drift(service, tmp_path, passage, minutes):
    clip = passage[: 10 * SAMPLE_RATE]
    recording = np.zeros(minutes * 60 * SAMPLE_RATE, np.int16)
    # Whole windows of voice activity and frames of Whisper's apart: it hears the same each time.
    offsets = (1.12, minutes * 30 + 0.16, (minutes - 1) * 60 + 0.8)
    for offset in offsets:
        first = round(offset * SAMPLE_RATE)
        recording[first : first + len(clip)] = clip
    transcript = transcript_of_samples(service, tmp_path, recording, language="en", diarize="false")
    assert transcript["duration"] == minutes * 60.0
    words = transcript["word_segments"]
    first, *later = (
        [
            word
            for word in words
            if offset <= word["start"] < offset + 12 and normalise(word["word"])
        ]
        for offset in offsets
    )
    for offset, again in zip(np.subtract(offsets[1:], offsets[0]), later, strict=True):
        place = places_in(spoken(first), spoken(again))
        assert len(place) >= 20
        for there, here in place.items():
            before, after = first[here], again[there]
            assert after["start"] - offset == pytest.approx(before["start"], abs=0.1)
            assert after["end"] - offset == pytest.approx(before["end"], abs=0.1)
