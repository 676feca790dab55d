"""Work that ends in time, sleep that can be ended, and nothing of either that is left behind."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from adapter.waiting.bounded import NotInTime, within
from adapter.waiting.waking import Wake

LONG = 60.0


def run(use: Callable[[], Awaitable[None]]) -> None:
    """Run it; only its own task may be there afterwards."""

    async def main() -> None:
        await use()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


class Work:
    """Work that takes its time to end when it is cancelled."""

    ended = False

    async def __call__(self, seconds: float) -> str:
        try:
            await asyncio.sleep(seconds)
            return "done"
        finally:
            await asyncio.sleep(0.01)
            self.ended = True


def test_what_is_done_in_time_is_the_result_or_the_failure():
    async def use() -> None:
        assert await within(LONG, Work()(0)) == "done"
        with pytest.raises(ValueError, match="none"):
            await within(LONG, asyncio.get_running_loop().create_task(fail()))

    async def fail() -> None:
        raise ValueError("none")

    run(use)


@pytest.mark.parametrize("how", ["too late", "cancelled"])
def test_it_has_ended_when_nobody_waits_for_it_any_more(how):
    async def use() -> None:
        work = Work()
        if how == "too late":
            with pytest.raises(NotInTime):
                await within(0.01, work(LONG))
        else:
            task = asyncio.create_task(within(LONG, work(LONG)))
            await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.wait({task})
            assert task.cancelled()
        assert work.ended

    run(use)


def test_a_sleep_ends_by_itself_or_when_there_is_something_to_do():
    async def use() -> None:
        wake = Wake()
        await wake.sleep(0.01)
        sleep = asyncio.create_task(wake.sleep(LONG))
        await asyncio.sleep(0.01)
        assert not sleep.done()
        wake.up()
        await sleep
        wake.up()
        await wake.sleep(LONG)  # it was told meanwhile
        cancelled = asyncio.create_task(wake.sleep(LONG))
        await asyncio.sleep(0.01)
        cancelled.cancel()
        await asyncio.wait({cancelled})

    run(use)
