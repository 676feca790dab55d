"""A call that nobody waits for any more is not cancelled while it may still be answered."""

import asyncio

from adapter.triton import departures
from adapter.triton.departures import Departures


def test_a_call_that_ends_by_itself_is_never_cancelled():
    async def main() -> bool:
        leaving = Departures()
        call = asyncio.get_running_loop().create_future()
        leaving.leave(call)
        await asyncio.sleep(0)
        call.set_exception(OSError("nobody hears of it"))
        await leaving.close()
        return call.cancelled()

    assert not asyncio.run(main())


def test_one_that_does_not_is_cancelled_in_the_end(monkeypatch):
    monkeypatch.setattr(departures, "DEPARTURE_SECONDS", 0.01)

    async def main() -> None:
        leaving = Departures()
        call = asyncio.ensure_future(asyncio.sleep(3600))
        leaving.leave(call)
        assert not call.done()
        await asyncio.wait([call])
        assert call.cancelled()
        await leaving.close()

    asyncio.run(main())


def test_those_that_are_left_end_with_the_adapter():
    async def main() -> bool:
        leaving = Departures()
        call = asyncio.ensure_future(asyncio.sleep(3600))
        leaving.leave(call)
        await asyncio.sleep(0)
        await leaving.close()
        await asyncio.wait([call])
        return call.cancelled()

    assert asyncio.run(main())
