"""The adapter as uvicorn runs it, in front of a Triton without networks."""

import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import uvicorn

from adapter.app import create_app
from tests.media import make_media
from tests.tiny_triton import tiny_triton

QUERY = {"diarize": "false", "word_timestamps": "false"}  # all that the tiny graph gives


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    make_media(folder)
    return folder


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An adapter that takes one request at a time."""
    with tiny_triton(tmp_path_factory.mktemp("triton")) as settings:
        app = create_app(settings.model_copy(update={"max_requests": 1}))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        listener = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def post(url: str, file, timeout: float = 60, **query: str) -> httpx.Response:
    with file.open("rb") as content:
        files = {"audio_file": (file.name, content)}
        return httpx.post(f"{url}/asr", params=QUERY | query, files=files, timeout=timeout)


@pytest.mark.parametrize("name", ["tone.wav", "tone.m4a", "video.mp4"])
def test_a_recording_goes_all_the_way(url, media, name):
    response = post(url, media / name)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer["duration"] == pytest.approx(10, abs=0.15)
    assert answer["text"] == answer["segments"]
    assert answer["word_segments"] == []


@pytest.mark.parametrize("output", ["text", "srt", "vtt", "tsv"])
def test_other_outputs_are_json_objects_of_one_key(url, media, output):
    answer = post(url, media / "tone.wav", output=output).json()
    assert list(answer) == [output]
    assert isinstance(answer[output], str)


def test_form_fields_reach_the_graph(url, media):
    with (media / "tone.wav").open("rb") as content:
        response = httpx.post(
            f"{url}/asr",
            params=QUERY,
            data={"hotwords": "refuse"},
            files={"audio_file": ("tone.wav", content)},
        )
    assert (response.status_code, response.json()) == (400, {"detail": "this cannot be done"})


def test_a_mistake_of_a_model_is_500_with_its_words(url, media):
    response = post(url, media / "tone.wav", hotwords="fail")
    assert response.status_code == 500
    assert "a mistake of ours" in response.json()["detail"]


def test_a_client_that_hangs_up_gives_its_place_back(url, media):
    with pytest.raises(httpx.ReadTimeout):
        post(url, media / "tone.wav", timeout=2, hotwords="sleep 3600")
    while (response := post(url, media / "tone.wav")).status_code == 503:
        time.sleep(0.1)
    assert response.status_code == 200


def test_health_names_what_the_graph_lacks(url):
    response = httpx.get(f"{url}/health")
    assert response.status_code == 503
    missing = response.json()["detail"]
    assert "'diarization'" in missing
    assert "'whisper'" not in missing
