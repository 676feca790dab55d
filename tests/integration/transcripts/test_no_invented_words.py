"""Where nobody speaks, nothing is transcribed."""

import pytest

from tests.clients.asking import transcript_of_samples
from tests.speech.sounds import SOUNDS, sound


@pytest.mark.parametrize("name", SOUNDS)
def test_what_is_no_speech_has_no_words(service, tmp_path, name):
    transcript = transcript_of_samples(service, tmp_path, sound(name), diarize="false")
    assert transcript["segments"] == []
    assert transcript["word_segments"] == []
    assert transcript["duration"] == 12.0
