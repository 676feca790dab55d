"""Work that may take so long and no longer."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

Result = TypeVar("Result")


class NotInTime(Exception):  # noqa: N818 - what happened
    """It was not done by then."""


async def within(seconds: float, work: Awaitable[Result]) -> Result:
    """What some work comes to, which has ended when this returns, however it does.

    Not ``wait_for``, which forgets a cancellation that comes with the result (Python 3.11).

    Raises:
        NotInTime: it was cancelled.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            raise NotInTime
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
