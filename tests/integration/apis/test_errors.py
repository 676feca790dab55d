"""Every error of the running service, by status and by the wording that Speakr looks for."""

import re

import httpx
import numpy as np
import pytest

from pipeline.audio import SAMPLE_RATE
from tests.speech.media import make_media, write_wav

SECONDS = 12


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    make_media(folder)
    samples = np.zeros(SECONDS * SAMPLE_RATE, np.int16)
    write_wav(folder / "silence.wav", samples, SAMPLE_RATE)
    write_wav(folder / "music.wav", music(), SAMPLE_RATE)
    return folder


def music() -> np.ndarray:
    """Broken chords of decaying notes, INT16 [N]: sound that nobody speaks in."""
    times = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    sound = np.zeros_like(times)
    for beat in range(SECONDS * 2):
        frequency = 220 * 2 ** ((0, 4, 7, 12)[beat % 4] / 12)
        since = times - beat / 2
        note = np.exp(-4 * since) * np.sin(2 * np.pi * frequency * since)
        sound += np.where(since >= 0, note, 0)
    return (sound / np.abs(sound).max() * 12_000).astype(np.int16)


@pytest.fixture
def post(service):
    def post(path=None, name="audio_file", data=None, **query) -> httpx.Response:
        files = None if path is None else {name: (path.name, path.read_bytes())}
        return httpx.post(
            f"{service.base_url}/asr", params=query, files=files, data=data, timeout=300
        )

    return post


def detail(response: httpx.Response, status: int) -> str:
    assert response.status_code == status, response.text
    assert list(response.json()) == ["detail"]
    return response.json()["detail"]


@pytest.mark.parametrize("name", ["silence.wav", "music.wav", "tone.mp3"])
def test_sound_without_speech_is_a_transcript_without_segments(post, media, name):
    answer = post(media / name)
    assert answer.status_code == 200, answer.text
    assert answer.json()["segments"] == answer.json()["text"] == []
    assert answer.json()["word_segments"] == []
    assert answer.json()["duration"] == pytest.approx(SECONDS, abs=2.1)


def test_no_file(post):
    assert "audio_file" in detail(post(), 400)


def test_an_empty_file(post, tmp_path):
    (tmp_path / "a.wav").touch()
    assert "empty" in detail(post(tmp_path / "a.wav"), 400)


def test_text_that_is_called_mp3(post, tmp_path):
    (tmp_path / "a.mp3").write_text("The minutes of our meeting.\n" * 1000)
    text = detail(post(tmp_path / "a.mp3"), 400)
    assert re.search("could not.*decode", text)
    assert "failed to decode audio" in text


def test_a_film_without_sound(post, media):
    assert "no audio stream" in detail(post(media / "silent-film.mp4"), 400)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"model": "enormous"}, "unknown model 'enormous'; there are .*base.*large-v3"),
        ({"language": "klingon"}, "unknown language 'klingon'; there are .*en.*"),
        ({"task": "sing"}, "task: 'sing'.*'transcribe' or 'translate'"),
        ({"min_speakers": "two"}, "min_speakers: 'two'.*whole number"),
        ({"max_speakers": "0"}, "max_speakers: '0'.*greater than or equal to 1"),
        ({"num_speakers": "nan"}, "num_speakers: 'nan'.*whole number"),
        ({"min_speakers": "3", "max_speakers": "2"}, "min_speakers .3. is larger"),
        ({"output": "docx"}, "output: 'docx'.*json"),
        ({"diarize": "maybe"}, "diarize: 'maybe'.*true or false"),
    ],
)
def test_a_parameter_that_cannot_be_used(post, media, query, words):
    assert re.search(words, detail(post(media / "tone.wav", **query), 400))


def test_a_parameter_of_the_form_that_cannot_be_used(post, media):
    response = post(media / "tone.wav", data={"task": "sing"})
    assert detail(response, 400).startswith("task")


def test_a_model_that_nobody_offers(post, sample):
    text = detail(post(sample, model="nobody/has-this-model"), 400)
    assert "unknown model 'nobody/has-this-model'" in text


def test_health_says_what_is_there(service):
    answer = httpx.get(f"{service.base_url}/health", timeout=60)
    assert answer.status_code == 200
    health = answer.json()
    assert health["status"] == "healthy"
    assert health["device"] in ("cpu", "cuda")
    assert health["default_model"] in health["loaded_models"]
