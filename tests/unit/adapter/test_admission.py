"""Places in the running application: who gets one, who waits, and who is told to come again."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from adapter.intake.decoding import PROTOCOL
from tests.clients.decoders import script
from tests.clients.multipart import END, HEADERS, file_part

FILE_PART = file_part(b"")[2:]


def detail(response: httpx.Response) -> str:
    assert response.status_code == 503, response.text
    return response.json()["detail"]


@pytest.fixture
def tone(media) -> dict:
    return {"audio_file": ("tone.wav", (media / "tone.wav").read_bytes())}


@pytest.fixture
def gate(tmp_path) -> Path:
    """Where decoders wait until it is there."""
    return tmp_path / "gate"


@pytest.fixture
def patient(tmp_path, gate) -> str:
    """A decoder that works until the gate is there, and gives a second of silence."""
    wait = f"while [ ! -e {gate} ]; do sleep 0.01; done; head -c 32000 /dev/zero"
    answers = f'case "$*" in *-protocols*) echo {PROTOCOL} ;; *) {wait} ;; esac'
    return str(script(tmp_path / "ffmpeg", answers))


async def until_refused(client: httpx.AsyncClient) -> httpx.Response:
    """The answer to a request without a file, as soon as there is no place for one."""
    while True:
        response = await client.post("/asr")
        if response.status_code == 503:
            return response
        await asyncio.sleep(0.01)


def test_more_requests_than_allowed_are_503_and_the_place_is_given_back(
    run_app, tone, patient, gate
):
    async def run() -> list[httpx.Response]:
        async with run_app(max_requests=1, ffmpeg=patient) as client:
            first = asyncio.create_task(client.post("/asr", files=tone))
            refused = await until_refused(client)
            gate.touch()
            return [refused, await first, await client.post("/asr", files=tone)]

    refused, first, after = asyncio.run(run())
    assert re.search("503.*service unavailable.*1 recordings", detail(refused))
    assert "retry-after" in refused.headers
    assert "Triton" in detail(first)
    assert "Triton" in detail(after)


@pytest.mark.parametrize("path", ["/asr", "/v1/audio/transcriptions"])
def test_a_slow_upload_keeps_nobody_out_and_waits_for_its_place(run_app, tone, patient, gate, path):
    async def run() -> list[httpx.Response]:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def slow_body() -> AsyncIterator[bytes]:
            yield FILE_PART
            begun.set()
            await go_on.wait()
            yield tone["audio_file"][1] + END

        async with run_app(max_requests=1, ffmpeg=patient) as client:
            slow = asyncio.create_task(client.post(path, content=slow_body(), headers=HEADERS))
            await begun.wait()
            first = asyncio.create_task(client.post("/asr", files=tone))
            await until_refused(client)
            go_on.set()
            await asyncio.sleep(0.1)
            assert not slow.done()
            gate.touch()
            return [await first, await slow]

    for response in asyncio.run(run()):
        assert response.status_code == 503
        assert "Triton cannot be reached" in response.text


def test_uploads_have_a_limit_of_their_own(run_app, tone):
    async def run() -> httpx.Response:
        never = asyncio.Event()

        async def stalled() -> AsyncIterator[bytes]:
            yield FILE_PART
            await never.wait()

        async with run_app(max_requests=1) as client:
            tasks = [
                asyncio.create_task(client.post("/asr", content=stalled(), headers=HEADERS))
                for _ in range(4)
            ]
            refused = await until_refused(client)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert "Triton" in detail(await client.post("/asr", files=tone))
            return refused

    assert "4 uploads are on their way already" in detail(asyncio.run(run()))
