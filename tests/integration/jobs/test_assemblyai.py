"""AssemblyAI's own Python client against the running service."""

import assemblyai
import pytest

from tests.clients.assembly import transcriber
from tests.speech.scoring import read_stm, word_error_rate


@pytest.fixture(scope="module")
def done(service, sample):
    """The sample's transcript, with speakers."""
    return transcriber(
        service.base_url,
        speaker_labels=True,
        speakers_expected=2,
        language_code="en_us",
        speech_models=["universal-3-pro", "universal-2"],
        word_boost=["Yankee"],
        punctuate=True,
        format_text=True,
    ).transcribe(str(sample))


def test_the_sample_with_its_speakers(done, sample):
    assert done.status == assemblyai.TranscriptStatus.completed, done.error
    spoken = " ".join(phrase.text for phrase in read_stm(sample.with_suffix(".stm")))
    assert word_error_rate(spoken, done.text) < 0.35
    assert [utterance.speaker for utterance in done.utterances][:3] == ["A", "B", "A"]
    assert {word.speaker for word in done.words} == {"A", "B"}
    assert done.language_code == "en"
    assert done.audio_duration == 30
    assert 0.5 < done.confidence <= 1
    assert all(0 <= word.start <= word.end <= 30_000 for word in done.words)
    told = [word.text for utterance in done.utterances for word in utterance.words]
    assert told == [word.text for word in done.words]
    (diane,) = (u for u in done.utterances if "Diane" in u.text)
    assert diane.speaker == "B"
    assert 9_000 < diane.start < diane.end < 16_000
