"""One request outlives the deaths of models and of Triton itself: a tiny graph."""

import asyncio
import math
import os
import signal
import time
from contextlib import ExitStack, suppress

import pytest
from tritonclient.utils import InferenceServerException

from adapter.triton import recovery
from adapter.triton.engine import Engine
from adapter.triton.failures import ProcessDied, Unreachable
from adapter.triton.persistence import MOST_DEATHS
from adapter.triton.processes import live_instances
from adapter.triton.secret import find
from adapter.waiting.patience import Patience
from pipeline.settings import Settings
from tests.services.processes import parent
from tests.services.tiny_triton import TEXT, ask, pieces_done, process, run, tiny_triton

SLOW = "pieces 8 0.4"  # longer than a death takes to be noticed


@pytest.fixture(autouse=True)
def _watch_often(monkeypatch):
    monkeypatch.setattr(recovery, "WATCH_SECONDS", 0.5)


async def is_at_work(tiny: Settings) -> None:
    before = math.inf
    while True:
        with suppress(InferenceServerException):  # the leaf is being loaded again
            done = pieces_done(tiny)
            if done > before:
                return
            before = done
        await asyncio.sleep(0.05)


def test_three_deaths_of_a_model_and_one_of_another_and_the_answer_is_right(tiny):
    async def use(engine: Engine) -> str:
        task = asyncio.create_task(ask(engine, SLOW))
        for model in ("whisper", "whisper", "whisper", "transcription"):
            await is_at_work(tiny)
            os.kill(process(tiny, model), signal.SIGKILL)
        return (await task).segments[0].text

    assert run(tiny, use) == TEXT


def test_a_request_that_kills_is_given_up_in_the_end(tiny):
    async def use(engine: Engine) -> set[int]:
        pids = set()

        async def count() -> None:
            while True:
                instances = live_instances(find(tiny.triton_grpc_port)) or {}
                pids.update(instances.get("whisper", {}).values())
                await asyncio.sleep(0.02)

        counting = asyncio.create_task(count())
        with pytest.raises(ProcessDied, match="the process of the model whisper has died"):
            await ask(engine, "leaf dies")
        await ask(engine)
        counting.cancel()
        return pids

    assert len(run(tiny, use)) == 1 + MOST_DEATHS + 1


def ports(settings: Settings) -> tuple[int, int, int]:
    return settings.triton_http_port, settings.triton_grpc_port, settings.triton_metrics_port


def test_a_triton_that_dies_under_a_request_is_waited_for(tmp_path):
    """With a recording that it has had by name, and one that goes to it as bytes."""
    with ExitStack() as first, ExitStack() as second:
        settings = first.enter_context(tiny_triton(tmp_path / "first"))

        async def use(engine: Engine) -> str:
            task = asyncio.create_task(ask(engine, SLOW))
            await is_at_work(settings)
            os.kill(parent(process(settings, "whisper")), signal.SIGSEGV)
            await asyncio.to_thread(first.close)
            while engine._recovery._return is None:
                await asyncio.sleep(0.05)
            late = asyncio.create_task(ask(engine, shared=False))
            again = tiny_triton(tmp_path / "second", ports=ports(settings))
            await asyncio.to_thread(second.enter_context, again)
            assert (await late).segments[0].text == TEXT
            return (await task).segments[0].text

        assert run(settings, use) == TEXT


def test_a_triton_that_stays_away_is_waited_for_as_long_as_patience_lasts(tiny):
    nowhere = tiny.model_copy(update={"triton_grpc_port": 1})

    async def use(engine: Engine) -> float:
        begin = time.monotonic()
        with pytest.raises(Unreachable, match="Triton cannot be reached"):
            await ask(engine, patience=Patience(1.5))
        return time.monotonic() - begin

    assert run(nowhere, use) >= 1.5
