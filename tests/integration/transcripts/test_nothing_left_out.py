"""What Whisper leaves out where one speaker follows another is in the transcript all the same."""

import re

import numpy as np

from pipeline.audio import SAMPLE_RATE
from tests.clients.asking import RECORDINGS, transcript_of_samples
from tests.speech.media import read_audio

# Whisper base hears the second of these two only, in a chunk of both.
DIANE_AND_SHEILA = slice(round(18.6 * SAMPLE_RATE), round(24.2 * SAMPLE_RATE))
SECONDS_OF_BOTH = 24.2 - 18.6
READER = slice(round(111.7 * SAMPLE_RATE), round(116.8 * SAMPLE_RATE))


def test_who_is_heard_before_somebody_louder_is_written_down(service, sample_audio, tmp_path):
    passage = read_audio(RECORDINGS / "passage.opus")
    speech = np.concatenate([sample_audio[DIANE_AND_SHEILA], passage[READER]])
    query = {"language": "en", "diarize": "false"}
    transcript = transcript_of_samples(service, tmp_path, speech, **query)
    said = re.sub(r"[^\w ]", "", " ".join(s["text"] for s in transcript["segments"])).lower()
    assert "from chicago" in said
    assert "much difference" in said
    assert "she cried and then she told him" in said
    assert said.index("chicago") < said.index("difference") < said.index("cried")
    words = transcript["word_segments"]
    chicago = next(word for word in words if "Chicago" in word["word"])
    assert 0 <= chicago["start"] < 1.5
    cried = next(word for word in words if "cried" in word["word"])
    assert SECONDS_OF_BOTH < cried["start"] < SECONDS_OF_BOTH + 2
