"""A process of the running graph is killed while it works: the recording arrives all the same."""

import os
import signal
import threading
import time

import httpx
import pytest

from adapter.triton.processes import live_instances
from tests.clients.metrics import Page
from tests.waiting import until

VICTIMS = ("whisper", "diarization", "segmentation", "transcription", "speaker_embedding")
PAUSE_SECONDS = 5  # between two deaths: less than the answer to one request takes here


@pytest.fixture(scope="module")
def post(service, clip):
    def post() -> httpx.Response:
        files = {"audio_file": ("clip.wav", clip.read_bytes())}
        url = f"{service.base_url}/asr?reuse=false"  # each client has work of its own
        return httpx.post(url, files=files, timeout=300)

    return post


@pytest.fixture(scope="module")
def undisturbed(post) -> dict:
    return post().json()


@pytest.mark.parametrize("model", ["whisper", "diarization"])
def test_a_recording_survives_the_death_of_a_model(service, post, undisturbed, model):
    (killed,) = live_instances(service.secret)[model].values()
    before = Page.at(f"{service.base_url}/metrics"), Page.at(service.metrics_url)
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
    # What happened is counted, and what the model counted before is not lost on Triton's page,
    # nor what the others count.
    after = Page.at(f"{service.base_url}/metrics"), Page.at(service.metrics_url)
    for name in ("asr_process_deaths_total", "asr_model_reloads_total"):
        assert after[0].total(name, model=model) - before[0].total(name, model=model) == 1
    assert post().status_code == 200
    told = {"name": "asr_step_requests_total", "outcome": "answered"}
    for step in ("transcription", "diarization"):
        until(
            lambda step=step: (
                Page.at(service.metrics_url).total(step=step, **told)
                > before[1].total(step=step, **told)
            )
        )


@pytest.mark.long
def test_two_clients_hear_of_none_of_nine_deaths(service, post, undisturbed):
    over = threading.Event()
    answers = []

    def ask_on() -> None:
        while not over.is_set():
            answers.append(post())

    clients = [threading.Thread(target=ask_on) for _ in range(2)]
    for client in clients:
        client.start()
    for number in range(9):
        time.sleep(PAUSE_SECONDS)
        instances = live_instances(service.secret)
        model = VICTIMS[number % len(VICTIMS)]
        for killed in instances.get(model, {}).values():
            os.kill(killed, signal.SIGKILL)
    over.set()
    for client in clients:
        client.join()
    assert {answer.status_code for answer in answers} == {200}
    for answer in answers:
        assert answer.json()["segments"] == undisturbed["segments"]
