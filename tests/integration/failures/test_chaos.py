"""Fifty connections at once, of which one never reads, while each model's process dies once.

An upload folder that is full: ``hostile/test_uploads.py``.
"""

import os
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import numpy as np
import pytest

from adapter.triton.processes import live_instances
from adapter.triton.recovery import LEAVES, STEPS, STREAMS
from pipeline.audio import SAMPLE_RATE
from tests.clients.multipart import HEADERS, body, file_part
from tests.clients.talk import head
from tests.speech.media import write_wav
from tests.waiting import until

CONNECTIONS = 50
TWO_SPEAK, ONE_SPEAKS = 4, 8  # of the connections; the others send silence
CLIP = slice(round(8.2 * SAMPLE_RATE), round(11.3 * SAMPLE_RATE))
WORDS, SPEAKERS = "know you were there", {"SPEAKER_00", "SPEAKER_01"}
UNREAD = 200  # answers that nobody reads: more than all buffers on the way hold
BUFFER = 4096  # bytes


@pytest.fixture(scope="module")
def short(sample_audio: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Three seconds: «I didn't know you were there. Neither did I.»"""
    path = tmp_path_factory.mktemp("short") / "short.wav"
    write_wav(path, sample_audio[CLIP], SAMPLE_RATE)
    return path.read_bytes()


@pytest.fixture(scope="module")
def silence(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A second of it."""
    path = tmp_path_factory.mktemp("silence") / "silence.wav"
    write_wav(path, np.zeros(SAMPLE_RATE, np.int16), SAMPLE_RATE)
    return path.read_bytes()


@contextmanager
def a_client_that_never_reads(service, recording: bytes) -> Iterator[None]:
    """It asks for a transcript, and for many pages, and looks at none of them."""
    content = body(file_part(recording))
    port = httpx.URL(service.base_url).port
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        connection.connect(("127.0.0.1", port))
        connection.sendall(head(f"Content-Length: {len(content)}") + content)
        connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: asr\r\n\r\n" * UNREAD)
        yield


def is_well(service) -> bool:
    return httpx.get(f"{service.base_url}/health", timeout=60).status_code == httpx.codes.OK


def test_every_connection_is_answered_rightly_whatever_dies(service, clip, short, silence):
    recordings = [clip.read_bytes()] * TWO_SPEAK + [short] * ONE_SPEAKS
    recordings += [silence] * (CONNECTIONS - 1 - len(recordings))

    def ask(number: int) -> httpx.Response:
        while True:
            answer = httpx.post(
                f"{service.base_url}/asr",
                content=body(file_part(recordings[number])),
                params={"diarize": str(number < TWO_SPEAK).lower()},
                headers=HEADERS,
                timeout=300,
            )
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return answer
            assert int(answer.headers["retry-after"]) > 0  # who is told so asks again
            time.sleep(1)

    victims = (*LEAVES, *STEPS, *STREAMS)
    killed = []
    with (
        a_client_that_never_reads(service, short),
        ThreadPoolExecutor(CONNECTIONS - 1) as clients,
    ):
        calls = [clients.submit(ask, number) for number in range(CONNECTIONS - 1)]
        time.sleep(1)  # they have sent what they send
        for victim in victims:
            for pid in live_instances(service.secret).get(victim, {}).values():
                os.kill(pid, signal.SIGKILL)
                killed.append(victim)
        answers = [call.result() for call in calls]
    assert sorted(killed) == sorted(victims)
    assert {answer.status_code for answer in answers} == {httpx.codes.OK}
    for number, answer in enumerate(answers):
        segments = answer.json()["segments"]
        if number < TWO_SPEAK:
            assert {segment["speaker"] for segment in segments} == SPEAKERS
        elif number < TWO_SPEAK + ONE_SPEAKS:
            assert WORDS in " ".join(segment["text"] for segment in segments)
        else:
            assert segments == []
    until(lambda: is_well(service))
