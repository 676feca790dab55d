"""Work that would hold up the event loop, in threads beside it."""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")

# Python code in more of them takes as long, and the event loop would wait for each in turn.
THREADS = 2

_pool = ThreadPoolExecutor(THREADS, "beside-the-loop")


async def in_thread(work: Callable[..., Result], *arguments: object) -> Result:
    """What this call returns or raises.

    It is made whatever happens, and waited for when this is cancelled: it may close a descriptor,
    or use one that is closed next.
    """
    call = asyncio.get_running_loop().run_in_executor(_pool, work, *arguments)
    try:
        return await asyncio.shield(call)
    except asyncio.CancelledError:
        while not call.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([call])
        call.exception()  # nobody asks for it any more
        raise
