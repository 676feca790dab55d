"""The engine against a real Triton whose models do what the test tells them, dying included."""

import asyncio
import os
import signal
import time
import uuid
from collections.abc import Callable

import pytest

from adapter.intake.recording import PREFIX, SHARED_MEMORY, Recording
from adapter.triton import engine as engines
from adapter.triton import recovery
from adapter.triton.engine import Engine
from documents import Transcript
from pipeline.errors import DeadlineExceeded, InvalidRequest, PipelineError
from pipeline.options import Options
from pipeline.settings import Settings
from tests.services.tiny_triton import PCM, TEXT, ask, client, pieces_done, process, run

MODELS = {"asr", "transcription", "whisper"}


@pytest.fixture(autouse=True)
def _watch_often(monkeypatch):
    monkeypatch.setattr(recovery, "WATCH_SECONDS", 0.5)


def registered(tiny: Settings) -> set[str]:
    return set(client(tiny).get_system_shared_memory_status().regions)


@pytest.fixture
def regions(tiny) -> Callable[[], set[str]]:
    """Those of this test: a model that died in another may have left one with Triton for good."""
    earlier = registered(tiny)
    return lambda: registered(tiny) - earlier


async def no_region_is_left(regions: Callable[[], set[str]]) -> None:
    end = time.monotonic() + 60
    while regions():
        assert time.monotonic() < end, "Triton still has a region"
        await asyncio.sleep(0.05)


def kill(tiny: Settings, model: str) -> None:
    os.kill(process(tiny, model), signal.SIGKILL)


@pytest.mark.parametrize("mode", ["auto", "on", "off"])
@pytest.mark.parametrize("shared", [True, False])
def test_every_sample_arrives_by_either_way_and_nothing_is_left(tiny, mode, shared, regions):
    async def use(engine: Engine) -> Transcript:
        transcript = await ask(engine, shared=shared)
        await no_region_is_left(regions)
        return transcript

    changed = tiny.model_copy(update={"triton_shared_memory": mode})
    assert run(changed, use).segments[0].text == TEXT


def test_a_triton_that_cannot_read_our_memory_gets_bytes(tiny):
    async def use(engine: Engine) -> tuple[str, bool]:
        with Recording(shared=True) as recording:
            os.write(recording.fd, PCM.tobytes())
            os.unlink(SHARED_MEMORY / recording.key)  # as if Triton ran elsewhere
            transcript = await engine.transcribe(recording, Options().due_in(60), "SEGMENTS")
        return transcript.segments[0].text, engine.shares_memory

    assert run(tiny, use) == (TEXT, False)


def test_what_a_killed_adapter_left_a_moment_ago_is_taken_back_a_while_later(
    tiny, regions, monkeypatch
):
    """The next one starts at once, when it might still be another's that is about to be locked."""
    monkeypatch.setattr(engines, "SWEEP_SECONDS", 0.1)
    left = SHARED_MEMORY / f"{PREFIX}{uuid.uuid4().hex}"
    left.write_bytes(PCM.tobytes())
    name = f"{left.name}.of-the-dead"
    client(tiny).register_system_shared_memory(name, f"/{left.name}", PCM.nbytes)

    async def use(engine: Engine) -> None:
        await asyncio.sleep(0.5)
        assert left.exists()
        assert regions() == {name}
        os.utime(left, (time.time() - 3600,) * 2)
        await no_region_is_left(regions)

    run(tiny, use)
    assert not left.exists()


@pytest.mark.parametrize(
    ("command", "kind", "words"),
    [("refuse", InvalidRequest, "this cannot be done"), ("fail", PipelineError, "mistake of ours")],
)
def test_what_a_model_says_of_a_failure_arrives(tiny, command, kind, words):
    with pytest.raises(kind, match=words) as failure:
        run(tiny, lambda engine: ask(engine, command))
    assert type(failure.value) is kind


def test_a_deadline_ends_the_wait(tiny):
    with pytest.raises(DeadlineExceeded):
        run(tiny, lambda engine: ask(engine, "leaf sleeps 2", seconds=1))
    run(tiny, ask)


def test_a_deadline_that_has_passed_asks_nothing(tiny):
    with pytest.raises(DeadlineExceeded):
        run(tiny, lambda engine: ask(engine, seconds=-1))


def test_memory_lent_for_a_cancelled_request_comes_back(tiny, regions):
    async def use(engine: Engine) -> int:
        task = asyncio.create_task(ask(engine, "sleep 2"))
        while not regions():
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await no_region_is_left(regions)
        return (await ask(engine)).segments[0].text

    assert run(tiny, use) == TEXT


def test_memory_lent_while_the_caller_hangs_up_comes_back(tiny, regions, monkeypatch):
    async def use(engine: Engine) -> str:
        register = engine._client.register_system_shared_memory
        arrived = asyncio.Event()

        async def answer_late(*arguments: object, **more: object) -> None:
            await register(*arguments, **more)
            arrived.set()
            await asyncio.sleep(0.3)

        monkeypatch.setattr(engine._client, "register_system_shared_memory", answer_late)
        task = asyncio.create_task(ask(engine))
        await arrived.wait()
        assert regions()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await no_region_is_left(regions)
        assert engine.shares_memory
        return (await ask(engine)).segments[0].text

    assert run(tiny, use) == TEXT


def test_a_step_and_its_leaf_that_die_together_are_mended(tiny):
    async def use(engine: Engine) -> str:
        before = pieces_done(tiny)
        task = asyncio.create_task(ask(engine, "pieces 6 0.5"))
        while pieces_done(tiny) == before:
            await asyncio.sleep(0.05)
        for model in ("whisper", "transcription"):
            kill(tiny, model)
        return (await task).segments[0].text

    assert run(tiny, use) == TEXT


@pytest.mark.parametrize("part", ["leaf", "step"])
def test_a_death_is_mended_once_and_nobody_hears_of_it(tiny, tmp_path, part):
    async def use(engine: Engine) -> list[Transcript]:
        before = (await ask(engine)).model
        others = [asyncio.create_task(ask(engine, "sleep 4")) for _ in range(3)]
        await asyncio.sleep(0.5)
        answers = [await ask(engine, f"{part} dies once {tmp_path / part}")]
        answers += await asyncio.gather(*others)
        leaves = {transcript.model for transcript in answers}
        assert len(leaves) == 1, "loaded again more than once"
        assert (before in leaves) is (part == "step")
        return answers

    assert {transcript.segments[0].text for transcript in run(tiny, use)} == {TEXT}


@pytest.mark.parametrize("model", ["whisper", "transcription"])
def test_a_model_that_dies_while_idle_is_missed_and_comes_back_by_itself(tiny, model):
    async def use(engine: Engine) -> str:
        assert not MODELS.intersection(await engine.missing())
        kill(tiny, model)
        while model not in await engine.missing():
            await asyncio.sleep(0.05)
        while MODELS.intersection(await engine.missing()):
            await asyncio.sleep(0.1)
        return (await ask(engine)).segments[0].text

    assert run(tiny, use) == TEXT
