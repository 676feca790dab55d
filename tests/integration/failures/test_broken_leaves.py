"""Leaves whose device fails them: their process is replaced, and nobody hears of it: a tiny graph.

The faults are provoked in the real process of the leaf, in the words of the libraries.
"""

import asyncio
import contextlib

import pytest

from adapter.triton import metrics_page, persistence, recovery
from adapter.triton.engine import Engine
from adapter.triton.secret import find
from pipeline.errors import OutOfMemory, PipelineError
from pipeline.serving.batches.faults import Fault
from tests.clients.metrics import Page
from tests.services.provoked import provoked
from tests.services.tiny_triton import TEXT, ask, process, run


@pytest.fixture(autouse=True)
def _watch_often(monkeypatch):
    monkeypatch.setattr(recovery, "WATCH_SECONDS", 0.5)
    monkeypatch.setattr(metrics_page, "SECONDS_IN_A_ROW", 1.0)
    monkeypatch.setattr(persistence, "FIRST_PAUSE", 0.1)


@pytest.fixture
def whisper(tiny):
    """Have the leaf fail, as a context."""
    return lambda fault: provoked(find(tiny.triton_grpc_port), whisper=fault)


def of_leaf(tiny, name: str) -> float:
    return Page.at(f"http://127.0.0.1:{tiny.triton_metrics_port}/metrics").total(
        name, leaf="whisper"
    )


def test_a_broken_device_ends_the_process_and_the_recording_is_answered_by_the_next(tiny, whisper):
    broken = process(tiny, "whisper")

    async def use(engine: Engine) -> str:
        with whisper(Fault("broken device")):
            transcript = await ask(engine)
        assert transcript.model != str(broken)
        assert engine.recoveries()["deaths"]["whisper"] == 1
        return transcript.segments[0].text

    assert run(tiny, use) == TEXT
    assert process(tiny, "whisper") != broken


@pytest.mark.long
def test_what_breaks_every_process_is_given_up_in_the_end(tiny, whisper):
    async def use(engine: Engine) -> None:
        with whisper(Fault("broken device", times=100)), pytest.raises(PipelineError) as failure:
            await ask(engine)
        assert "the process of the model whisper has died" in str(failure.value)
        assert (await ask(engine)).segments[0].text == TEXT

    run(tiny, use)


def test_what_has_no_room_alone_is_told_so_and_the_process_goes_on(tiny, whisper):
    before, worked = of_leaf(tiny, "asr_leaf_out_of_memory_total"), process(tiny, "whisper")

    async def use(engine: Engine) -> str:
        with whisper(Fault("out of memory", times=100)), pytest.raises(OutOfMemory):
            await ask(engine)
        with whisper(Fault("out of memory")):  # of somebody who is gone in a moment
            return (await ask(engine)).segments[0].text

    assert run(tiny, use) == TEXT
    assert process(tiny, "whisper") == worked
    assert of_leaf(tiny, "asr_leaf_out_of_memory_total") >= before + 2


def test_a_leaf_that_only_fails_is_told_of_until_it_succeeds(tiny, whisper):
    async def use(engine: Engine) -> str:
        with whisper(Fault("failure", times=10_000)):
            while not await engine.failing():
                with pytest.raises(PipelineError):
                    await ask(engine)
            assert await engine.failing() == ["whisper"]
        text = (await ask(engine)).segments[0].text
        while await engine.failing():
            await asyncio.sleep(0.1)
        return text

    assert run(tiny, use) == TEXT


@pytest.mark.long
def test_a_leaf_that_goes_on_failing_is_given_a_new_process(tiny, whisper):
    sick = process(tiny, "whisper")

    async def use(engine: Engine) -> str:
        with whisper(Fault("failure", times=100_000)):
            while not engine.recoveries()["loads"]["whisper"]:
                with contextlib.suppress(PipelineError):
                    await ask(engine)
                await asyncio.sleep(0.2)
        return (await ask(engine)).segments[0].text

    assert run(tiny, use) == TEXT
    assert process(tiny, "whisper") != sick
