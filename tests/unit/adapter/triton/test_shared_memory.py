"""Audio that travels as bytes takes a bounded amount of memory, in the order of asking."""

import asyncio

import pytest

from adapter.triton import shared_memory
from adapter.triton.shared_memory import AudioRegions, Budget


def test_what_does_not_fit_waits_for_its_turn():
    order = []

    async def work(budget: Budget, name: str, amount: int, leave: asyncio.Event) -> None:
        async with budget.take(amount):
            order.append(name)
            await leave.wait()

    async def run() -> None:
        budget, first, others = Budget(10), asyncio.Event(), asyncio.Event()
        tasks = [asyncio.create_task(work(budget, "a", 6, first))]
        for name, amount in (("b", 6), ("c", 1), ("larger than all", 100)):
            await asyncio.sleep(0)
            tasks.append(asyncio.create_task(work(budget, name, amount, others)))
        await asyncio.sleep(0.01)
        assert order == ["a"]
        first.set()
        while len(order) < 3:
            await asyncio.sleep(0)
        assert order == ["a", "b", "c"]
        others.set()
        await asyncio.gather(*tasks)
        assert order[-1] == "larger than all"

    asyncio.run(run())


def test_who_gives_up_while_waiting_takes_nothing():
    async def run() -> None:
        budget = Budget(10)
        async with budget.take(10):
            waiting = asyncio.create_task(budget.take(5).__aenter__())
            await asyncio.sleep(0.01)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        await asyncio.wait_for(budget.take(10).__aenter__(), 1)

    asyncio.run(run())


def test_recordings_are_shared_where_there_is_shared_memory_unless_it_is_set(tmp_path, monkeypatch):
    for place, shared in ((tmp_path, True), (tmp_path / "none", False)):
        monkeypatch.setattr(shared_memory, "SHARED_MEMORY", place)
        modes = {mode: AudioRegions(None, mode).shares for mode in ("auto", "on", "off")}
        assert modes == {"auto": shared, "on": True, "off": False}
