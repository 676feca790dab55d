"""Calls that nobody waits for any more: they end by themselves.

Triton 2.51 may crash when a call is cancelled over gRPC in the moment in which
it is answered (triton-inference-server/server, pull request 7840, mended in 2.53),
which includes one whose time is up.  Nor does a cancellation end the work of a
step.  So the steps are told by signals, and their answer is waited for.
"""

import asyncio

DEPARTURE_SECONDS = 30.0  # until a call is cancelled after all: a step of it may have died


class Departures:
    """Calls on their way out; belongs to one event loop."""

    def __init__(self) -> None:
        self._leaving: set[asyncio.Task[None]] = set()

    def leave(self, call: "asyncio.Future[object]") -> None:
        """Let a call end whose answer is of no use any more; returns at once."""
        task = asyncio.create_task(_end(call))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        """Cancel those that are left."""
        for task in self._leaving:
            task.cancel()
        if self._leaving:
            await asyncio.wait(self._leaving)


async def _end(call: "asyncio.Future[object]") -> None:
    call.add_done_callback(lambda done: done.cancelled() or done.exception())
    try:
        await asyncio.wait([call], timeout=DEPARTURE_SECONDS)
    finally:
        call.cancel()
