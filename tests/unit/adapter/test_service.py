"""Work that ends when its client hangs up."""

import asyncio

import pytest
from starlette.requests import Request

from adapter.errors import ClientGone
from adapter.service import unless_gone


def request_that_ends(hang_up: asyncio.Event) -> Request:
    async def receive() -> dict:
        await hang_up.wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http", "headers": []}, receive)


def test_a_client_that_hangs_up_ends_the_work_and_lets_it_clean_up():
    cleaned = []

    async def run() -> None:
        hang_up, started = asyncio.Event(), asyncio.Event()

        async def work() -> None:
            started.set()
            try:
                await asyncio.sleep(600)
            finally:
                await asyncio.sleep(0.01)
                cleaned.append(True)

        answer = asyncio.create_task(unless_gone(request_that_ends(hang_up), work()))
        await started.wait()
        hang_up.set()
        with pytest.raises(ClientGone):
            await answer

    asyncio.run(run())
    assert cleaned == [True]


def test_work_that_ends_first_gives_its_result_or_failure():
    async def run() -> None:
        async def right() -> int:
            return 1

        async def wrong() -> int:
            raise ValueError("no")

        request = request_that_ends(asyncio.Event())
        assert await unless_gone(request, right()) == 1
        with pytest.raises(ValueError, match="no"):
            await unless_gone(request, wrong())

    asyncio.run(run())
