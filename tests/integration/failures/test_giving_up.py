"""Work ends when its caller has gone, and what is too much is refused: a tiny graph."""

import asyncio
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice

import pytest
from tritonclient.utils import InferenceServerException

from adapter.triton.engine import Engine
from adapter.triton.failures import from_triton
from adapter.waiting.patience import Patience
from pipeline.errors import Cancelled, DeadlineExceeded, InvalidRequest, Overloaded
from pipeline.settings import Settings
from tests.services.tiny_triton import TEXT, ask, client, pcm_input, pieces_done, run

MANY = "pieces 200 0.1"  # 20 s
FEW = 50  # pieces: far from all of them, and more than a slow machine does meanwhile
STILL_SECONDS = 2.5  # longer than a pause of the machine


async def until_pieces(tiny: Settings, count: int) -> None:
    while pieces_done(tiny) < count:
        await asyncio.sleep(0.02)


async def pieces_in_the_end(tiny: Settings) -> int:
    """How many the leaf has answered when it answers no more."""
    done = pieces_done(tiny)
    while True:
        await asyncio.sleep(STILL_SECONDS)
        before, done = done, pieces_done(tiny)
        if done == before:
            return done


def test_a_caller_that_hangs_up_frees_the_leaf_and_nobody_else_notices(tiny):
    async def use(engine: Engine) -> str:
        before = pieces_done(tiny)
        task = asyncio.create_task(ask(engine, MANY))
        await until_pieces(tiny, before + 2)
        neighbour = asyncio.create_task(ask(engine, "pieces 5 0.1"))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        transcript = await neighbour
        assert await pieces_in_the_end(tiny) - before < FEW
        return transcript.segments[0].text

    assert run(tiny, use) == TEXT


def test_a_deadline_frees_the_leaf(tiny):
    async def use(engine: Engine) -> None:
        before = pieces_done(tiny)
        with pytest.raises(DeadlineExceeded):
            await ask(engine, MANY, seconds=1)
        assert await pieces_in_the_end(tiny) - before < FEW

    run(tiny, use)


@pytest.mark.parametrize("model", ["transcription", "asr"])
def test_a_caller_without_the_adapter_frees_the_leaf(tiny, model):
    """Of a step itself Triton knows it; in the ensemble the key tells."""
    arrived = threading.Event()
    key = f"direct-{model}"
    before = pieces_done(tiny)
    triton = client(tiny)
    call = triton.async_infer(
        model,
        [pcm_input()],
        lambda result, error: arrived.set(),
        parameters={"hotwords": MANY, "request_key": key},
    )

    async def hang_up() -> None:
        await until_pieces(tiny, before + 2)
        call.cancel()
        if model == "asr":
            triton.infer("transcription", [pcm_input()], parameters={"cancel": key})
        assert await pieces_in_the_end(tiny) - before < FEW

    asyncio.run(hang_up())
    assert arrived.wait(10)


def test_a_cancel_that_comes_first_holds(tiny):
    triton = client(tiny)
    nothing = pcm_input()
    triton.infer("transcription", [nothing], parameters={"cancel": "early"})
    before = pieces_done(tiny)
    with pytest.raises(InferenceServerException) as failure:
        triton.infer("asr", [nothing], parameters={"request_key": "early"})
    assert type(from_triton(failure.value)) is Cancelled
    assert pieces_done(tiny) == before


def test_more_requests_than_a_step_takes_are_refused(tiny, tmp_path):
    triton = client(tiny)
    gate = tmp_path / "gate"  # which those that are let in wait for

    def infer(_: int) -> Exception:
        with pytest.raises(InferenceServerException) as failure:
            triton.infer("asr", [pcm_input()], parameters={"hotwords": f"wait {gate}"})
        return from_triton(failure.value)

    with ThreadPoolExecutor(80) as clients:
        calls = [clients.submit(infer, number) for number in range(80)]
        try:
            refused = [call.result() for call in islice(as_completed(calls, timeout=60), 16)]
        finally:
            gate.touch()
    assert "64 recordings are being worked on" in str(refused[0])
    assert {type(failure) for failure in refused} == {Overloaded}
    assert Counter(type(call.result()) for call in calls) == {Overloaded: 16, InvalidRequest: 64}


def test_a_full_queue_of_a_leaf_is_waited_for_by_who_has_patience(tiny):
    triton = client(tiny)
    # Below the time that a batch may take.
    commands = [{"hotwords": "leaf sleeps 3"}, *[{}] * 40]
    calls = [
        triton.async_infer("whisper", [pcm_input()], lambda result, error: None, parameters=command)
        for command in commands
    ]

    async def use(engine: Engine) -> str:
        with pytest.raises(Overloaded):
            await ask(engine, patience=Patience(0))
        return (await ask(engine)).segments[0].text

    try:
        assert run(tiny, use) == TEXT
    finally:
        for call in calls:
            call.cancel()
