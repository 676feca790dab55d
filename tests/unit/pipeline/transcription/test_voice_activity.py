"""Where people speak on a real phone line, and that silence and tones are no speech."""

import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from faster_whisper.vad import get_vad_model

from pipeline.audio import SAMPLE_RATE, to_float
from pipeline.transcription import voice_activity
from pipeline.transcription.chunking import LONGEST_SPEECH
from pipeline.transcription.voice_activity import FRAME, VoiceActivityDetector

# Prints by how many megabytes a process has grown that has listened to eight recordings at once.
LISTEN = """
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import numpy as np
from pipeline.hardware import give_memory_back
from pipeline.transcription.voice_activity import VoiceActivityDetector

def held():
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) // 1024

detector = VoiceActivityDetector()
minutes = np.random.default_rng(0).normal(0, 3000, 120 * 16000).astype(np.int16)
before = held()
with ThreadPoolExecutor(8) as threads:
    list(threads.map(lambda _: list(detector.probabilities(minutes)), range(8)))
give_memory_back()
print(held() - before)
"""


class Scripted(VoiceActivityDetector):
    """Hears what the test says, frame by frame of 32 ms."""

    def __init__(self, *runs: tuple[float, int]) -> None:
        self.heard = [probability for probability, frames in runs for _ in range(frames)]

    def probabilities(self, audio: np.ndarray) -> Iterator[np.ndarray]:
        yield np.array(self.heard)


def spans(*runs: tuple[float, int], longest: int = 900) -> list[tuple[int, int]]:
    """(start, end) in frames of the speech in so many frames of each probability."""
    detector = Scripted(*runs)
    audio = np.zeros(len(detector.heard) * FRAME, np.int16)
    found = list(detector.spans(audio, longest * FRAME))
    return [(span.start // FRAME, span.end // FRAME) for span in found]


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


def test_speech_begins_when_it_is_likely_and_ends_when_it_is_unlikely():
    assert spans((0.49, 10), (0.5, 20), (0.3, 10)) == [(10, 30)]
    assert spans((0.9, 10), (0.36, 10), (0.0, 10)) == [(0, 20)]
    assert spans((0.9, 10), (0.36, 10), (0.9, 10)) == [(0, 30)]


def test_a_short_silence_is_inside_a_word_and_a_long_one_is_not():
    assert spans((0.9, 10), (0.0, 5), (0.9, 10)) == [(0, 25)]
    assert spans((0.9, 10), (0.0, 6), (0.9, 10)) == [(0, 10), (16, 26)]
    # The silence counts anew after each frame of speech.
    assert spans((0.9, 10), *[(0.0, 4), (0.9, 1)] * 3, (0.0, 9)) == [(0, 25)]


def test_a_click_is_no_speech():
    assert spans((0.0, 5), (0.9, 2), (0.0, 9)) == []
    assert spans((0.0, 5), (0.9, 3), (0.0, 9)) == [(5, 8)]
    assert spans((0.0, 5), (0.9, 2)) == []
    assert spans((0.0, 5), (0.9, 3)) == [(5, 8)]


def test_at_the_end_of_the_recording_silence_is_left_out():
    assert spans((0.9, 10), (0.0, 3)) == [(0, 10)]


def test_speech_without_end_is_cut_where_it_is_least_likely_late_in_it():
    runs = [(0.9, 5), (0.4, 1), (0.9, 20), (0.5, 1), (0.9, 33)]
    assert spans(*runs, longest=30) == [(0, 26), (26, 46), (46, 60)]


def test_the_last_span_ends_with_the_recording():
    heard = Scripted((0.9, 4))
    (span,) = heard.spans(np.zeros(3 * FRAME + 5, np.int16), 900 * FRAME)
    assert (span.start, span.end, len(span)) == (0, 3 * FRAME + 5, 3 * FRAME + 5)


def test_who_does_not_wait_any_more_ends_the_listening(detector, monkeypatch):
    monkeypatch.setattr(voice_activity, "BLOCK", FRAME)
    looks = []

    def check() -> None:
        looks.append(1)
        if len(looks) == 3:
            raise TimeoutError("nobody waits")

    with pytest.raises(TimeoutError, match="nobody waits"):
        list(detector.cancellable(check).spans(np.zeros(9 * FRAME, np.int16), LONGEST_SPEECH))
    assert len(looks) == 3
    assert list(detector.spans(np.zeros(9 * FRAME, np.int16), LONGEST_SPEECH)) == []
    assert len(looks) == 3, "others are looked after as well"


def test_what_is_kept_for_many_at_once_is_little():
    """Of each of these two minutes ONNX Runtime kept 90 MB once, for good."""
    grown = subprocess.run(
        [sys.executable, "-c", LISTEN], capture_output=True, encoding="utf-8", check=True
    )
    assert int(grown.stdout) < 32 * (os.cpu_count() or 1) + 64
