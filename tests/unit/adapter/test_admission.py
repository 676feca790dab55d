"""Places in the running application: who gets one, who waits, and who is told to come again."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from adapter.intake.decoding import PROTOCOL
from adapter.telemetry.record import current
from tests.clients.decoders import script
from tests.clients.multipart import END, HEADERS, file_part

FILE_PART = file_part(b"")[2:]
# One at a time, then fifty and more in a line.
LINE = {"max_requests": 1, "max_waiting": 64, "max_wait_seconds": 600}


def detail(response: httpx.Response) -> str:
    assert response.status_code == 503, response.text
    return response.json()["detail"]


def assert_had_its_place(response: httpx.Response) -> None:
    """Nobody has one before the upload is decoded, which fails here without a Triton."""
    assert response.status_code == 400, response.text
    assert "could not decode the file" in response.text


@pytest.fixture
def tone(media) -> dict:
    return {"audio_file": ("tone.wav", (media / "tone.wav").read_bytes())}


@pytest.fixture
def gate(tmp_path) -> Path:
    """Where decoders wait until it is there."""
    return tmp_path / "gate"


@pytest.fixture
def patient(tmp_path, gate) -> str:
    """A decoder that works until the gate is there, and finds nothing in the file."""
    wait = f"while [ ! -e {gate} ]; do sleep 0.01; done; exit 1"
    answers = f'case "$*" in *-protocols*) echo {PROTOCOL} ;; *) {wait} ;; esac'
    return str(script(tmp_path / "ffmpeg", answers))


async def until_refused(client: httpx.AsyncClient) -> httpx.Response:
    """The answer to a request without a file, as soon as there is no place for one."""
    while True:
        response = await client.post("/asr")
        if response.status_code == 503:
            return response
        await asyncio.sleep(0.01)


async def until_waiting(client: httpx.AsyncClient, count: int) -> None:
    """Return when one is worked on and so many are in the line."""
    places = client.app.state.service.recordings
    while (places.taken, places.waiting) != (1, count):
        await asyncio.sleep(0.01)


def test_more_requests_than_allowed_are_503_and_the_place_is_given_back(
    run_app, tone, patient, gate
):
    async def run() -> list[httpx.Response]:
        async with run_app(max_requests=1, max_waiting=0, ffmpeg=patient) as client:
            first = asyncio.create_task(client.post("/asr", files=tone))
            refused = await until_refused(client)
            gate.touch()
            return [refused, await first, await client.post("/asr", files=tone)]

    refused, first, after = asyncio.run(run())
    assert re.search("503.*service unavailable.*1 recordings", detail(refused))
    assert "retry-after" in refused.headers
    assert_had_its_place(first)
    assert_had_its_place(after)


@pytest.mark.parametrize("path", ["/asr", "/v1/audio/transcriptions"])
def test_a_slow_upload_keeps_nobody_out_and_waits_for_its_place(run_app, tone, patient, gate, path):
    async def run() -> list[httpx.Response]:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def slow_body() -> AsyncIterator[bytes]:
            yield FILE_PART
            begun.set()
            await go_on.wait()
            yield tone["audio_file"][1] + END

        async with run_app(**{**LINE, "max_waiting": 1}, ffmpeg=patient) as client:
            slow = asyncio.create_task(client.post(path, content=slow_body(), headers=HEADERS))
            await begun.wait()
            first = asyncio.create_task(client.post("/asr", files=tone))
            await until_waiting(client, 0)
            go_on.set()
            await until_refused(client)
            assert not slow.done()
            gate.touch()
            return [await first, await slow]

    for response in asyncio.run(run()):
        assert_had_its_place(response)


def test_fifty_at_once_have_their_places_in_the_order_of_their_arrival(
    run_app, tone, patient, gate, monkeypatch
):
    async def run() -> list[str]:
        served = []

        async def post(number: int) -> None:
            refused = await client.post("/asr", files=tone, params={"language": "klingon"})
            assert refused.status_code == 400, "what cannot succeed is refused at once"
            asked = {"X-Request-ID": f"request-{number}"}
            assert_had_its_place(await client.post("/asr", files=tone, headers=asked))

        async with run_app(**LINE, ffmpeg=patient) as client:
            decoders = client.app.state.service.decoders
            decode = decoders.voices

            async def voices(*upload: object) -> object:
                served.append(current().id)
                return await decode(*upload)

            monkeypatch.setattr(decoders, "voices", voices)
            tasks = []
            for number in range(50):
                tasks.append(asyncio.create_task(post(number)))
                await until_waiting(client, number)
            gate.touch()
            await asyncio.gather(*tasks)
        return served

    assert asyncio.run(run()) == [f"request-{number}" for number in range(50)]


def test_who_hangs_up_leaves_the_line(run_app, tone, patient, gate):
    async def run() -> None:
        async with run_app(**{**LINE, "max_waiting": 1}, ffmpeg=patient) as client:
            first, leaver = (asyncio.create_task(client.post("/asr", files=tone)) for _ in "ab")
            await until_waiting(client, 1)
            leaver.cancel()
            await until_waiting(client, 0)
            late = asyncio.create_task(client.post("/asr", files=tone))
            await until_waiting(client, 1)
            gate.touch()
            for response in (await first, await late):
                assert_had_its_place(response)

    asyncio.run(run())


@pytest.mark.parametrize("path", ["/asr", "/v1/audio/transcriptions"])
def test_who_is_in_the_line_hears_when_patience_ends(run_app, tone, patient, gate, path):
    async def run() -> str:
        settings = {**LINE, "max_wait_seconds": 0.2}
        async with run_app(**settings, ffmpeg=patient) as client:
            first = asyncio.create_task(client.post("/asr", files=tone))
            await until_waiting(client, 0)
            refused = await client.post(path, files=tone)
            assert not first.done()
            gate.touch()
            await first
        assert (refused.status_code, "retry-after" in refused.headers) == (503, True)
        return refused.text

    assert "503 service unavailable: it has waited for 0.2 seconds" in asyncio.run(run())


def test_a_service_that_stops_answers_those_in_the_line(run_app, tone, patient, gate):
    async def run() -> None:
        async with run_app(**LINE, ffmpeg=patient) as client:
            first = asyncio.create_task(client.post("/asr", files=tone))
            await until_waiting(client, 0)
            others = [asyncio.create_task(client.post("/asr", files=tone)) for _ in range(3)]
            await until_waiting(client, 3)
            client.app.state.service.waiting.stop()
            for response in await asyncio.gather(*others):
                assert "the service is being stopped" in detail(response)
            assert not first.done(), "it is worked on"
            gate.touch()
            assert_had_its_place(await first)

    asyncio.run(run())


def test_the_time_of_a_recording_begins_when_it_is_here(run_app, tone, patient):
    """It would otherwise have its whole time once more after it got its place."""

    async def run() -> httpx.Response:
        settings = {**LINE, "request_timeout_seconds": 2}
        async with run_app(**settings, ffmpeg=patient) as client:
            first = asyncio.create_task(client.post("/asr", files=tone))
            await until_waiting(client, 0)
            late = asyncio.create_task(client.post("/asr", files=tone))
            await until_waiting(client, 1)
            assert (await first).status_code == 504
            done, _ = await asyncio.wait([late], timeout=1.5)
            assert done, "its two seconds are over as well"
            return await late

    late = asyncio.run(run())
    assert (late.status_code, "timed out" in late.text) == (504, True)


def test_uploads_have_a_limit_of_their_own(run_app, tone):
    async def run() -> httpx.Response:
        never = asyncio.Event()

        async def stalled() -> AsyncIterator[bytes]:
            yield FILE_PART
            await never.wait()

        async with run_app(max_requests=1, max_waiting=0) as client:
            tasks = [
                asyncio.create_task(client.post("/asr", content=stalled(), headers=HEADERS))
                for _ in range(4)
            ]
            while client.app.state.service.uploads.taken < 4:
                await asyncio.sleep(0.01)
            refused = await until_refused(client)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert "Triton" in detail(await client.post("/asr", files=tone))
            return refused

    assert "4 uploads are on their way already" in detail(asyncio.run(run()))
