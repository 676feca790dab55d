"""One recording that several ask for is worked on once, and nobody's end is another's."""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from adapter.intake.recording import Recording
from adapter.waiting.joining import Runs, key_of
from pipeline.errors import DeadlineExceeded, Overloaded
from pipeline.options import Options

LONG = 60.0


class Work:
    """Work that lasts until it is let go; counts what was begun, cancelled and closed."""

    def __init__(self) -> None:
        self.begun = self.cancelled = self.closed = 0
        self.failure: Exception | None = None
        self.go = asyncio.Event()

    async def __call__(self) -> str:
        self.begun += 1
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        return f"transcript {self.begun}"


async def ask(runs: Runs, work: Work, seconds: float = LONG, key: str = "same") -> str:
    async with contextlib.AsyncExitStack() as held:
        held.callback(lambda: setattr(work, "closed", work.closed + 1))
        return await runs.transcript(key, work, held, lambda: seconds)


def run(use: Callable[[Runs, Work], Awaitable[None]]) -> None:
    async def main() -> None:
        await use(Runs(), Work())

    asyncio.run(main())


async def all_ask(runs: Runs, work: Work, count: int = 3) -> list[asyncio.Task]:
    tasks = [asyncio.create_task(ask(runs, work)) for _ in range(count)]
    await asyncio.sleep(0.01)
    return tasks


def test_it_is_done_once_for_all_who_ask_meanwhile_and_anew_afterwards():
    async def use(runs: Runs, work: Work) -> None:
        tasks = await all_ask(runs, work)
        other = asyncio.create_task(ask(runs, work, key="another recording"))
        await asyncio.sleep(0.01)
        assert work.begun == 2
        work.go.set()
        assert len({await task for task in tasks}) == 1
        await other
        assert await ask(runs, work) == "transcript 3"
        assert work.closed == 5  # everybody's recording

    run(use)


def test_who_began_it_may_leave():
    async def use(runs: Runs, work: Work) -> None:
        first, *others = await all_ask(runs, work)
        first.cancel()
        await asyncio.wait({first})
        assert (work.cancelled, work.closed) == (0, 0), "others still need its recording"
        work.go.set()
        assert [await task for task in others] == ["transcript 1"] * 2

    run(use)


def test_it_ends_when_the_last_one_leaves_and_the_next_begins_anew():
    async def use(runs: Runs, work: Work) -> None:
        tasks = await all_ask(runs, work)
        for task in tasks:
            assert work.cancelled == 0
            task.cancel()
            await asyncio.wait({task})
        assert (work.cancelled, work.closed) == (1, 3)
        work.go.set()
        assert await ask(runs, work) == "transcript 2"

    run(use)


def test_each_keeps_its_own_deadline():
    async def use(runs: Runs, work: Work) -> None:
        (first,) = await all_ask(runs, work, 1)
        with pytest.raises(DeadlineExceeded):
            await ask(runs, work, seconds=0.02)
        work.go.set()
        assert await first == "transcript 1"

    run(use)


def test_a_failure_is_told_to_nobody_else():
    async def use(runs: Runs, work: Work) -> None:
        first, *others = await all_ask(runs, work)
        work.failure = Overloaded("a queue is full")
        work.go.set()
        with pytest.raises(Overloaded):
            await first
        assert [await task for task in others] == ["transcript 2"] * 2

    run(use)


@pytest.fixture
def recording():
    with contextlib.ExitStack() as kept:

        def make(samples: list[int]) -> Recording:
            made = kept.enter_context(Recording(shared=False))
            os.write(made.fd, np.array(samples, np.int16).tobytes())
            return made

        yield make


def test_what_is_the_same_is_told_by_samples_and_options(recording):
    def key(samples: list[int], output: str = "WORDS", **options: object) -> str:
        asked = Options(**options).due_in(len(samples)).model_copy(update={"request_id": "r"})
        return key_of(recording(samples), asked, output)

    same = key([1, 2, 3])
    assert key([1, 2, 3], request_id="another", request_key="k") == same
    for other in (
        key([1, 2, 4]),
        key([1, 2, 3], output="SEGMENTS"),
        key([1, 2, 3], language="de"),
        key([1, 2, 3], diarize=False),
    ):
        assert other != same
