"""Long work goes on beside the event loop, and what it uses outlives it."""

import asyncio
import json
import threading

import httpx
import pytest
from fastapi.responses import Response

from adapter.intake import pcm
from adapter.intake.recording import Recording
from adapter.service import Service
from adapter.threads import in_thread
from documents import Transcript

SECONDS = 10
SILENCE = Transcript(model="base", language_probability=0.0, duration=1.0)


def see_the_loop_run(loop: asyncio.AbstractEventLoop) -> None:
    """Return once the loop has done something meanwhile."""
    ticked = threading.Event()
    loop.call_soon_threadsafe(ticked.set)
    assert ticked.wait(SECONDS), "the event loop waits for this work"


def test_the_loop_goes_on_while_work_is_done():
    async def run() -> int:
        await in_thread(see_the_loop_run, asyncio.get_running_loop())
        return await in_thread(divmod, 7, 2)

    assert asyncio.run(run()) == (3, 1)


def test_what_work_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        asyncio.run(in_thread(divmod, 1, 0))


@pytest.mark.parametrize("times", [1, 3])
def test_work_that_has_begun_ends_before_its_caller_does(times):
    async def run() -> None:
        begun, go_on, done = threading.Event(), threading.Event(), []

        def work() -> None:
            begun.set()
            assert go_on.wait(SECONDS)
            done.append(True)

        task = asyncio.create_task(in_thread(work))
        while not begun.is_set():
            await asyncio.sleep(0.001)
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0.01)
        assert not task.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert done == [True]

    asyncio.run(run())


def post(run_app, path: str, content: bytes = b"RIFF", **fields: str) -> httpx.Response:
    async def run() -> httpx.Response:
        async with run_app() as client:
            return await client.post(path, files={"audio_file": ("a", content)}, data=fields)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("path", "renders"),
    [("/asr", "asr.respond"), ("/v1/audio/transcriptions", "openai.render")],
)
def test_answers_are_rendered_beside_the_loop(run_app, monkeypatch, path, renders):
    async def transcribe(*arguments: object) -> Transcript:
        nonlocal loop
        loop = asyncio.get_running_loop()
        return SILENCE

    def render(*arguments: object) -> Response:
        see_the_loop_run(loop)
        return Response(json.dumps("rendered"))

    loop = None
    monkeypatch.setattr(Service, "transcribe", transcribe)
    monkeypatch.setattr(f"adapter.routes.{renders}", render)
    assert post(run_app, path).json() == "rendered"


def test_audio_is_copied_and_given_back_beside_the_loop(run_app, monkeypatch):
    threads = {}

    def noted(name: str, call):
        def made(*arguments: object) -> object:
            threads.setdefault(name, set()).add(threading.get_ident())
            return call(*arguments)

        return made

    monkeypatch.setattr(pcm.os, "sendfile", noted("copied", pcm.os.sendfile))
    monkeypatch.setattr(pcm.os, "ftruncate", noted("given back", pcm.os.ftruncate))
    monkeypatch.setattr(Recording, "close", noted("closed", Recording.close))
    assert post(run_app, "/asr", bytes(10_000), encode="false").status_code == 503
    assert post(run_app, "/asr", bytes(10_001), encode="false").status_code == 400
    assert threads.keys() == {"copied", "given back", "closed"}
    assert threading.get_ident() not in set().union(*threads.values())
