"""A process of the running graph is killed while it works: the recording arrives all the same."""

import os
import signal
import threading
import time

import httpx
import pytest

from adapter.triton.processes import live_instances


@pytest.fixture(scope="module")
def post(service, clip):
    def post() -> httpx.Response:
        files = {"audio_file": ("clip.wav", clip.read_bytes())}
        return httpx.post(f"{service.base_url}/asr", files=files, timeout=300)

    return post


@pytest.fixture(scope="module")
def undisturbed(post) -> dict:
    return post().json()


@pytest.mark.parametrize("model", ["whisper", "diarization"])
def test_a_recording_survives_the_death_of_a_model(service, post, undisturbed, model):
    (killed,) = live_instances(service.secret)[model].values()
    answers = []
    client = threading.Thread(target=lambda: answers.append(post()))
    client.start()
    time.sleep(0.5)  # it is under way; whether the model is at work just now does not matter
    os.kill(killed, signal.SIGKILL)
    client.join()
    (answer,) = answers
    assert answer.status_code == 200, answer.text
    assert answer.json()["segments"] == undisturbed["segments"]
    while httpx.get(f"{service.base_url}/health", timeout=30).status_code != 200:
        time.sleep(0.2)
    assert killed not in live_instances(service.secret)[model].values()
