"""POST /detect-language on real speech, and what it spares."""

from pathlib import Path

import httpx
import numpy as np
import pytest
import tritonclient.http as http

from pipeline.audio import SAMPLE_RATE
from tests.speech.media import write_wav

RUSSIAN = Path(__file__).parents[2] / "recordings" / "russian.flac"


def post(service, name: str, content: bytes, **query: str) -> httpx.Response:
    return httpx.post(
        f"{service.base_url}/detect-language",
        params=query,
        files={"audio_file": (name, content)},
        timeout=120,
    )


def inferences(service, model: str) -> int:
    """How many requests the model has answered so far."""
    client = http.InferenceServerClient(service.triton_http)
    (statistics,) = client.get_inference_statistics(model)["model_stats"]
    return int(statistics["inference_stats"]["success"]["count"])


@pytest.mark.parametrize(
    ("recording", "name", "code"), [(None, "english", "en"), (RUSSIAN, "russian", "ru")]
)
def test_the_language_is_told_by_name_and_code(service, sample, recording, name, code):
    path = recording or sample
    before = inferences(service, "alignment"), inferences(service, "diarization")
    answer = post(service, path.name, path.read_bytes())
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert list(told) == ["detected_language", "language_code", "confidence"]
    assert (told["detected_language"], told["language_code"]) == (name, code)
    assert 0.8 < told["confidence"] <= 1
    # Nothing was asked of the models that do not tell languages.
    assert (inferences(service, "alignment"), inferences(service, "diarization")) == before


def test_one_chunk_is_enough_for_a_long_recording(service, sample_audio):
    before = inferences(service, "whisper")
    pcm = np.tile(sample_audio, 20).astype("<i2").tobytes()
    answer = post(service, "audio_file", pcm, encode="false")  # as Bazarr sends it
    assert answer.json()["language_code"] == "en"
    assert inferences(service, "whisper") - before <= 3


def test_where_nobody_speaks_no_language_is_made_up(service, tmp_path):
    write_wav(tmp_path / "silence.wav", np.zeros(3 * SAMPLE_RATE, np.int16), SAMPLE_RATE)
    answer = post(service, "silence.wav", (tmp_path / "silence.wav").read_bytes())
    assert answer.status_code == 400
    assert "nobody speaks" in answer.json()["detail"]


def test_a_whisper_of_one_language_says_so(service, sample):
    answer = post(service, sample.name, sample.read_bytes(), model="tiny.en")
    assert answer.status_code == 400
    assert "English only" in answer.json()["detail"]


def test_no_file_is_refused(service):
    answer = httpx.post(f"{service.base_url}/detect-language", timeout=60)
    assert answer.status_code == 400
    assert "audio_file" in answer.json()["detail"]
