"""Work ends when its caller has gone, and what is too much is refused: a tiny graph."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from tritonclient.utils import InferenceServerException

from adapter.engine import Engine
from adapter.failures import from_triton
from adapter.signals import Signals
from pipeline.errors import Cancelled, DeadlineExceeded, Overloaded
from pipeline.settings import Settings
from tests.tiny_triton import TEXT, ask, client, pcm_input, pieces_done, run

MANY = "pieces 60 0.1"


async def until_pieces(tiny: Settings, count: int) -> None:
    while pieces_done(tiny) < count:
        await asyncio.sleep(0.02)


async def no_more_pieces_than(tiny: Settings, most: int) -> None:
    """A second later; ten more would have been done."""
    await asyncio.sleep(1)
    assert pieces_done(tiny) <= most


def test_a_caller_that_hangs_up_frees_the_leaf_and_nobody_else_notices(tiny):
    async def use(engine: Engine) -> str:
        before = pieces_done(tiny)
        task = asyncio.create_task(ask(engine, MANY))
        await until_pieces(tiny, before + 2)
        neighbour = asyncio.create_task(ask(engine, "pieces 5 0.1"))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        done = pieces_done(tiny)
        transcript = await neighbour
        await no_more_pieces_than(tiny, done + 5 + 2)
        return transcript.segments[0].text

    assert run(tiny, use) == TEXT


def test_a_deadline_frees_the_leaf(tiny):
    async def use(engine: Engine) -> None:
        with pytest.raises(DeadlineExceeded):
            await ask(engine, MANY, seconds=1)
        await no_more_pieces_than(tiny, pieces_done(tiny) + 2)

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
            async with Engine(tiny) as engine:
                Signals(engine._client, ["transcription"]).cancel(key)
                await asyncio.sleep(0.2)
        await no_more_pieces_than(tiny, pieces_done(tiny) + 2)

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


def test_more_requests_than_a_step_takes_are_refused(tiny):
    triton = client(tiny)

    def infer(number: int) -> object:
        try:
            triton.infer("asr", [pcm_input()], parameters={"hotwords": "sleep 3"})
        except InferenceServerException as error:
            return from_triton(error)

    with ThreadPoolExecutor(80) as clients:
        answers = list(clients.map(infer, range(80)))
    assert answers.count(None) == 64
    refused = [answer for answer in answers if answer is not None]
    assert {type(answer) for answer in refused} == {Overloaded}
    assert "64 recordings are being worked on" in str(refused[0])


def test_a_full_queue_of_a_leaf_is_an_overload(tiny):
    triton = client(tiny)
    calls = [
        triton.async_infer(
            "whisper",
            [pcm_input()],
            lambda result, error: None,
            parameters={"hotwords": "leaf sleeps 0.5"},
        )
        for _ in range(20)
    ]
    try:
        with pytest.raises(Overloaded):
            run(tiny, ask)
    finally:
        for call in calls:
            call.cancel()

    async def ask_until_there_is_room(engine: Engine) -> str:
        while True:
            try:
                return (await ask(engine)).segments[0].text
            except Overloaded:
                await asyncio.sleep(0.2)

    assert run(tiny, ask_until_there_is_room) == TEXT
