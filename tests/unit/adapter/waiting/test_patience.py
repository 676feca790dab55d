"""A request waits for one thing after the other, for so long in all."""

import asyncio
import math
import time

import pytest

from adapter.waiting.patience import OutOfPatience, Patience, Waiting
from pipeline.errors import DeadlineExceeded, InvalidRequest

LONG = 60


def test_what_is_there_in_time_arrives_and_all_waiting_counts():
    async def run() -> None:
        patience = Patience(0.5)
        begin = time.monotonic()
        assert await patience.wait(asyncio.sleep(0.2, "a"), math.inf) == "a"
        with pytest.raises(OutOfPatience, match=r"waited for 0\.5 seconds in all"):
            await patience.wait(asyncio.sleep(LONG), math.inf)
        assert time.monotonic() - begin < LONG / 2
        assert patience.left == 0
        with pytest.raises(OutOfPatience):
            await patience.wait(asyncio.sleep(LONG), math.inf)

    asyncio.run(run())


def test_a_deadline_that_comes_first_is_told_as_such():
    with pytest.raises(DeadlineExceeded):
        asyncio.run(Patience().wait(asyncio.sleep(LONG), 0.05))


def test_a_failure_arrives():
    async def fail() -> None:
        raise InvalidRequest("no")

    with pytest.raises(InvalidRequest, match="no"):
        asyncio.run(Patience().wait(fail(), math.inf))


def test_what_nobody_waits_for_any_more_is_ended_before_its_owner_goes_on():
    ended = []

    async def work() -> None:
        try:
            await asyncio.sleep(LONG)
        finally:
            await asyncio.sleep(0.01)
            ended.append(True)

    async def run() -> None:
        waiting = asyncio.create_task(Patience().wait(work(), math.inf))
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert ended == [True]

    asyncio.run(run())


def test_a_service_that_stops_lets_nobody_wait():
    async def run() -> None:
        all_who_wait = Waiting()
        early, late = all_who_wait.patience(LONG), all_who_wait.patience(LONG)
        waiting = asyncio.create_task(early.wait(asyncio.sleep(LONG), math.inf))
        await asyncio.sleep(0.01)
        all_who_wait.stop()
        for attempt in (waiting, late.wait(asyncio.sleep(LONG), math.inf)):
            with pytest.raises(OutOfPatience, match="is being stopped"):
                await attempt
        assert await late.wait(asyncio.sleep(0, "there already"), math.inf) == "there already"

    asyncio.run(run())
