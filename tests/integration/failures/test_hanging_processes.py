"""Processes that hang, stand still or die where nobody sees it are found out: a tiny graph."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from pydantic import SecretStr

from adapter.triton import model_liveness, recovery, server_liveness
from adapter.triton.engine import Engine
from adapter.triton.failures import Unreachable
from adapter.triton.processes import live_instances
from adapter.triton.secret import find
from pipeline.errors import DeadlineExceeded
from tests.services.ports import free_ports
from tests.services.processes import arguments, parent
from tests.services.tiny_triton import TEXT, ask, pieces_done, process, run, tiny_triton


@pytest.fixture(autouse=True)
def _watch_often(monkeypatch):
    monkeypatch.setattr(recovery, "WATCH_SECONDS", 0.5)


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
    return arguments(pid) != []


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
        before = pieces_done(tiny)
        task = asyncio.create_task(ask(engine, "pieces 6 0.5"))
        while pieces_done(tiny) == before:
            await asyncio.sleep(0.05)
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
    monkeypatch.setattr(model_liveness, "EVERY_SECONDS", 0.5)
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
    secret = SecretStr(find(tiny.triton_grpc_port))
    yield tiny.model_copy(
        update={
            "triton_grpc_port": port,
            "triton_secret": secret,
            "triton_shared_memory": "off",
        }
    )
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_deaths_on_another_machine_are_found_out_by_asking(tiny, elsewhere):
    async def use(engine: Engine) -> str:
        killed = {model: process(tiny, model) for model in ("whisper", "transcription")}
        for pid in killed.values():
            os.kill(pid, signal.SIGKILL)
        while True:
            await asyncio.sleep(0.2)
            instances = live_instances(find(tiny.triton_grpc_port))
            if all(instances.get(model) for model in killed):
                break
        return (await ask(engine)).segments[0].text

    assert run(elsewhere, use) == TEXT


def test_a_model_that_works_is_not_asked(tiny, elsewhere, monkeypatch):
    # A machine that others use may keep it silent for half a second.
    monkeypatch.setattr(model_liveness, "EVERY_SECONDS", 1.0)

    async def use(engine: Engine) -> None:
        await asyncio.sleep(1)  # Triton counts after it has answered: of the test before, too
        before = pieces_done(tiny)
        await ask(engine, "pieces 40 0.1")
        assert pieces_done(tiny) - before <= 40 + 1

    run(elsewhere, use)


def test_a_triton_that_is_locked_up_is_ended_for_its_supervisor_to_start_again(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(server_liveness, "EVERY_SECONDS", 0.1)
    monkeypatch.setattr(server_liveness, "ANSWER_SECONDS", 1.0)
    with tiny_triton(tmp_path) as settings:
        server = parent(process(settings, "whisper"))

        async def use(engine: Engine) -> None:
            await ask(engine, "sleep 3")  # which its models may take as long as they like
            assert is_alive(server)
            os.kill(server, signal.SIGSTOP)
            while is_alive(server):
                await asyncio.sleep(0.1)
            with pytest.raises(Unreachable):
                await engine.missing()

        run(settings, use)
