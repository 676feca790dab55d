"""Work ends when its caller has gone, and what hangs is noticed: the engine on a tiny graph."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tritonclient.utils import InferenceServerException

from adapter import heartbeat, recovery
from adapter.engine import Engine
from adapter.failures import from_triton
from adapter.processes import live_instances
from adapter.signals import Signals
from pipeline.errors import Cancelled, DeadlineExceeded, Overloaded
from pipeline.settings import Settings
from tests.ports import free_ports
from tests.tiny_triton import TEXT, ask, client, pcm_input, pieces_done, process, run

MANY = "pieces 60 0.1"


@pytest.fixture(autouse=True)
def _watch_often(monkeypatch):
    monkeypatch.setattr(recovery, "WATCH_SECONDS", 0.5)


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


def test_a_leaf_that_hangs_is_started_again_and_nobody_waits_beyond_the_deadline(tiny, tmp_path):
    hung = process(tiny, "whisper")

    async def use(engine: Engine) -> str:
        with pytest.raises(DeadlineExceeded):
            await ask(engine, f"leaf hangs once {tmp_path / 'hung'}", seconds=2)
        assert process(tiny, "whisper") == hung, "it was answered only after the leaf's end"
        transcript = await ask(engine)
        assert transcript.model != str(hung)
        return transcript.segments[0].text

    assert run(tiny, use) == TEXT


def is_alive(pid: int) -> bool:
    """Not gone, and not dead and waiting for Triton to take note."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except FileNotFoundError:
        return False


@pytest.fixture
def stop(tiny) -> Iterator[Callable[[str], int]]:
    """Stop the process of a model by SIGSTOP: it neither answers nor ends."""
    stopped = []

    def stop(model: str) -> int:
        stopped.append(process(tiny, model))
        os.kill(stopped[-1], signal.SIGSTOP)
        return stopped[-1]

    yield stop
    for pid in filter(is_alive, stopped):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("model", ["whisper", "transcription"])
def test_a_process_that_is_stopped_at_work_is_replaced_and_the_work_done(tiny, stop, model):
    async def use(engine: Engine) -> tuple[int, str]:
        task = asyncio.create_task(ask(engine, "pieces 4 0.5"))
        await asyncio.sleep(0.5)
        pid = stop(model)
        return pid, (await task).segments[0].text

    pid, text = run(tiny, use)
    assert text == TEXT
    assert not is_alive(pid)
    assert process(tiny, model) != pid


def test_processes_that_are_stopped_while_idle_are_missed_and_replaced(tiny, stop):
    async def use(engine: Engine) -> tuple[set[int], str]:
        models = {"whisper", "transcription"}
        pids = {stop(model) for model in models}
        while not models <= set(await engine.missing()):
            await asyncio.sleep(0.05)
        while models & set(await engine.missing()):
            await asyncio.sleep(0.1)
        return pids, (await ask(engine)).segments[0].text

    pids, text = run(tiny, use)
    assert text == TEXT
    assert not any(map(is_alive, pids))


@pytest.fixture
def elsewhere(tiny, monkeypatch):
    """The same Triton behind another port, where its processes cannot be seen."""
    monkeypatch.setattr(heartbeat, "EVERY_SECONDS", 0.5)
    (port,) = free_ports(1)
    listener = socket.create_server(("127.0.0.1", port))

    def forward(source: socket.socket, target: socket.socket) -> None:
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", tiny.triton_grpc_port))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=forward, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield tiny.model_copy(update={"triton_grpc_port": port, "triton_shared_memory": "off"})
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_deaths_on_another_machine_are_found_out_by_asking(tiny, elsewhere):
    async def use(engine: Engine) -> str:
        killed = {model: process(tiny, model) for model in ("whisper", "transcription")}
        for pid in killed.values():
            os.kill(pid, signal.SIGKILL)
        while True:
            await asyncio.sleep(0.2)
            instances = live_instances(tiny.triton_grpc_port)
            if all(instances.get(model) for model in killed):
                break
        return (await ask(engine)).segments[0].text

    assert run(elsewhere, use) == TEXT


def test_a_model_that_works_is_not_asked(tiny, elsewhere):
    async def use(engine: Engine) -> None:
        before = pieces_done(tiny)
        await ask(engine, "pieces 20 0.1")
        assert pieces_done(tiny) - before <= 20 + 1

    run(elsewhere, use)
