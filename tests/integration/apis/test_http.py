"""The adapter as uvicorn runs it, in front of a Triton without networks."""

from collections.abc import Iterator

import httpx
import numpy as np
import pytest

from tests.clients.speakr import Refused, Speakr
from tests.services.adapter_thread import running_adapter
from tests.services.tiny_triton import tiny_triton
from tests.speech.media import make_media

QUERY = {"diarize": "false", "word_timestamps": "false"}  # all that the tiny graph gives


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    make_media(folder)
    return folder


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An adapter that takes one request at a time."""
    with (
        tiny_triton(tmp_path_factory.mktemp("triton")) as settings,
        running_adapter(settings.model_copy(update={"max_requests": 1})) as url,
    ):
        yield url


def post(url: str, file, timeout: float = 60, headers=None, **query: str) -> httpx.Response:
    with file.open("rb") as content:
        return httpx.post(
            f"{url}/asr",
            params=QUERY | query,
            headers=headers,
            files={"audio_file": (file.name, content)},
            timeout=timeout,
        )


@pytest.mark.parametrize("name", ["tone.wav", "tone.m4a", "video.mp4"])
def test_a_recording_goes_all_the_way(url, media, name):
    response = post(url, media / name)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer["duration"] == pytest.approx(10, abs=0.15)
    assert answer["text"] == answer["segments"]
    assert [word["word"] for word in answer["word_segments"]] == [answer["text"][0]["text"]]


@pytest.mark.parametrize("output", ["text", "srt", "vtt", "tsv"])
def test_other_outputs_are_json_objects_of_one_key(url, media, output):
    answer = post(url, media / "tone.wav", output=output).json()
    assert list(answer) == [output]
    assert isinstance(answer[output], str)


@pytest.mark.parametrize(
    ("accept", "media_type", "front"),
    [
        ("text/vtt", "text/vtt; charset=utf-8", "WEBVTT"),
        ("application/x-subrip, */*;q=0.5", "application/x-subrip; charset=utf-8", "1\n00:00:00,0"),
        ("text/tab-separated-values", "text/tab-separated-values; charset=utf-8", "start\tend"),
        ("*/*", "application/json", '{"text":['),
        ("application/json, text/plain, */*", "application/json", '{"text":['),
    ],
)
def test_accept_asks_for_the_text_itself(url, media, accept, media_type, front):
    response = post(url, media / "tone.wav", headers={"Accept": accept})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == media_type
    assert response.text.startswith(front)


def test_plain_text_is_the_text_and_nothing_else(url, media):
    (segment,) = post(url, media / "tone.wav").json()["segments"]
    response = post(url, media / "tone.wav", headers={"Accept": "text/plain"})
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.text == segment["text"]


def test_bare_pcm_goes_all_the_way(url, media, tmp_path):
    (tmp_path / "audio_file").write_bytes(np.full(3 * 16_000, -7, "<i2").tobytes())
    answer = post(url, tmp_path / "audio_file", encode="false").json()
    assert answer["duration"] == 3
    assert answer["segments"][0]["text"] == str(-7 * 3 * 16_000)  # what this graph says
    # What is no bare PCM after all is decoded.
    for name in ("tone.wav", "tone.m4a", "tone.ogg", "tone.flac", "tone.webm"):
        answer = post(url, media / name, encode="false").json()
        assert answer["duration"] == pytest.approx(10, abs=0.15), name


def test_form_fields_reach_the_graph(url, media):
    with (media / "tone.wav").open("rb") as content:
        response = httpx.post(
            f"{url}/asr",
            params=QUERY,
            data={"hotwords": "refuse"},
            files={"audio_file": ("tone.wav", content)},
        )
    assert (response.status_code, response.json()) == (400, {"detail": "this cannot be done"})


def test_a_mistake_of_a_model_is_500_with_its_words_in_the_log(url, media, caplog):
    response = post(url, media / "tone.wav", hotwords="fail")
    assert response.status_code == 500
    mark = response.json()["detail"].split()[-1]
    (line,) = [line for line in caplog.messages if mark in line]
    assert "a mistake of ours" in line


def test_speakr_tries_again_after_a_failure_of_the_graph(url, media):
    with pytest.raises(Refused) as refused:
        Speakr(url, diarize=False).transcribe(media / "tone.wav", hotwords="fail")
    answer = refused.value  # a step made a mistake
    assert (answer.status, answer.final, answer.encodes_again) == (500, False, False)
    assert answer.kind == "service_error"
    assert "mistake of ours" not in answer.shown


def test_a_client_that_hangs_up_gives_its_place_back(url, media):
    with pytest.raises(httpx.ReadTimeout):
        post(url, media / "tone.wav", timeout=2, hotwords="sleep 3600")
    assert post(url, media / "tone.wav").status_code == 200


def test_health_names_what_the_graph_lacks(url):
    response = httpx.get(f"{url}/health", timeout=60)
    assert response.status_code == 503
    missing = response.json()["detail"]
    assert "'alignment'" in missing
    assert "'whisper'" not in missing
