"""Where people speak on a real phone line, and that silence and tones are no speech."""

import numpy as np
import pytest
from faster_whisper.vad import get_vad_model

from pipeline.audio import SAMPLE_RATE, to_float
from pipeline.transcription import voice_activity
from pipeline.transcription.chunking import LONGEST_SPEECH
from pipeline.transcription.voice_activity import FRAME, VoiceActivityDetector


@pytest.fixture(scope="module")
def detector() -> VoiceActivityDetector:
    return VoiceActivityDetector()


def test_speech_is_found_where_the_reference_has_it(detector, sample_audio):
    spans = list(detector.spans(sample_audio, LONGEST_SPEECH))
    assert spans[0].start / SAMPLE_RATE == pytest.approx(6.69, abs=0.3)
    speech = sum(len(span) for span in spans) / SAMPLE_RATE
    assert speech == pytest.approx(30.0 - 6.69, abs=2.0)


def test_blocks_change_nothing(detector, sample_audio, monkeypatch):
    padded = np.pad(to_float(sample_audio), (0, -len(sample_audio) % FRAME))
    at_once = get_vad_model()(padded).reshape(-1)
    monkeypatch.setattr(voice_activity, "BLOCK", FRAME * 100)
    in_blocks = np.concatenate(list(detector.probabilities(sample_audio)))
    np.testing.assert_allclose(in_blocks[:-1], at_once[: len(in_blocks) - 1], atol=1e-5)


@pytest.mark.parametrize("samples", [0, 1, 400, FRAME, 10 * SAMPLE_RATE])
def test_silence_is_no_speech(detector, samples):
    assert list(detector.spans(np.zeros(samples, np.int16), LONGEST_SPEECH)) == []


def test_a_tone_is_no_speech(detector):
    time = np.arange(10 * SAMPLE_RATE) / SAMPLE_RATE
    tone = (8000 * np.sin(2 * np.pi * 440 * time)).astype(np.int16)
    assert list(detector.spans(tone, LONGEST_SPEECH)) == []
