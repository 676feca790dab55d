"""One recording that several ask for is worked on once, and nobody's end is another's."""

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from adapter.intake.recording import Recording
from adapter.triton.streaming import OnSegment
from adapter.waiting.joining import Runs, keys_of
from documents import Segment, Transcript
from pipeline.errors import DeadlineExceeded, Overloaded
from pipeline.options import Options

LONG = 60.0


class Work:
    """Work that lasts until it is let go; counts what was begun, cancelled and closed."""

    def __init__(self) -> None:
        self.begun = self.cancelled = self.closed = 0
        self.failure: Exception | None = None
        self.go = asyncio.Event()
        self.tell: OnSegment | None = None

    async def __call__(self, seconds: float, on_segment: OnSegment | None) -> str:
        self.begun += 1
        self.tell = on_segment
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        return f"transcript {self.begun}"


async def ask(
    runs: Runs,
    work: Work,
    seconds: float = LONG,
    keys: tuple[str, ...] = ("same",),
    on_segment: OnSegment | None = None,
) -> str:
    end = time.monotonic() + seconds
    async with contextlib.AsyncExitStack() as held:
        held.callback(lambda: setattr(work, "closed", work.closed + 1))
        return await runs.transcript(keys, work, held, lambda: end - time.monotonic(), on_segment)


def run(use: Callable[[Runs, Work], Awaitable[None]]) -> None:
    async def main() -> None:
        await use(Runs(LONG), Work())

    asyncio.run(main())


async def all_ask(runs: Runs, work: Work, count: int = 3) -> list[asyncio.Task]:
    tasks = [asyncio.create_task(ask(runs, work)) for _ in range(count)]
    await asyncio.sleep(0.01)
    return tasks


def test_it_is_done_once_for_all_who_ask_meanwhile_and_anew_afterwards():
    async def use(runs: Runs, work: Work) -> None:
        tasks = await all_ask(runs, work)
        other = asyncio.create_task(ask(runs, work, keys=("another recording",)))
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


def test_the_deadline_of_who_began_it_is_nobody_elses():
    async def use(runs: Runs, work: Work) -> None:
        first = asyncio.create_task(ask(runs, work, seconds=0.1))
        await asyncio.sleep(0.01)
        (second,) = await all_ask(runs, work, 1)
        with pytest.raises(DeadlineExceeded):
            await first
        work.go.set()
        assert await second == "transcript 1"
        assert work.cancelled == 0

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


def test_who_waits_does_not_join_what_gives_way_but_the_other_way_round():
    async def use(runs: Runs, work: Work) -> None:
        job = ("asked", "asked in the background")
        tasks = [asyncio.create_task(ask(runs, work, keys=job))]
        await asyncio.sleep(0.01)
        tasks += [asyncio.create_task(ask(runs, work, keys=keys)) for keys in (("asked",), job)]
        await asyncio.sleep(0.01)
        assert work.begun == 2
        work.go.set()
        await asyncio.wait(tasks)

    run(use)


def part(text: str) -> Transcript:
    segment = Segment(start=float(text), end=float(text) + 1, text=text)
    return Transcript(
        model="m", language="en", language_probability=1, duration=9, segments=[segment]
    )


def test_a_stream_that_comes_late_hears_what_was_said_and_then_what_follows():
    async def use(runs: Runs, work: Work) -> None:
        heard: list[list[str]] = [[], [], []]

        def listener(number: int) -> OnSegment:
            return lambda told: heard[number].append(told.segments[0].text)

        async def join(number: int) -> asyncio.Task:
            task = asyncio.create_task(ask(runs, work, on_segment=listener(number)))
            await asyncio.sleep(0.01)
            return task

        first = await join(0)
        work.tell(part("1"))
        second = await join(1)
        assert heard == [["1"], ["1"], []]
        first.cancel()
        await asyncio.wait({first})
        work.tell(part("2"))
        third = await join(2)
        assert heard == [["1"], ["1", "2"], ["1", "2"]]
        work.failure = Overloaded("a queue is full")
        work.go.set()
        assert {await second, await third} == {"transcript 2"}, "they began anew, together"

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
    def keys(
        samples: list[int], output: str = "WORDS", stream: bool = False, **options: object
    ) -> list[str]:
        asked = Options(**options).due_in(len(samples)).model_copy(update={"request_id": "r"})
        return keys_of(recording(samples), asked, output, stream)

    (same,) = keys([1, 2, 3])
    assert keys([1, 2, 3], request_id="another", request_key="k") == [same]
    joined, own = keys([1, 2, 3], background=True)
    assert joined == same != own
    for other in (
        keys([1, 2, 4]),
        keys([1, 2, 3], output="SEGMENTS"),
        keys([1, 2, 3], stream=True),
        keys([1, 2, 3], language="de"),
        keys([1, 2, 3], diarize=False),
    ):
        assert other != [same]
