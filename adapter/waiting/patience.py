"""How long a request waits: for a place, for Triton, for a model, and all of it together."""

import asyncio
import math
import time
from collections.abc import Awaitable
from functools import cached_property
from typing import TypeVar

from adapter.telemetry.record import WAIT, current
from pipeline.errors import DeadlineExceeded, Overloaded

Result = TypeVar("Result")


class OutOfPatience(Overloaded):
    """A request has waited for as long as it may, or nobody may wait any more."""


class Waiting:
    """What all who wait have in common: an end to it, when the service is to stop."""

    @cached_property
    def _end(self) -> "asyncio.Future[None]":
        return asyncio.get_running_loop().create_future()

    def stop(self) -> None:
        """Let nobody wait from now on."""
        if not self._end.done():
            self._end.set_result(None)

    def patience(self, most: float, client: str | None = None) -> "Patience":
        """That of a request which arrives now; the arguments are as :class:`Patience` has them."""
        return Patience(most, client, self._end)


class Patience:
    """Of one request: when it arrived, whose it is, and the seconds that are left for waiting."""

    def __init__(
        self,
        most: float = math.inf,
        client: str | None = None,
        end: "asyncio.Future[None] | None" = None,
    ) -> None:
        """Args:
        most: Seconds of waiting, for whatever it is.
        client: Who takes a place; None for work that needs none.
        end: Done when nobody may wait any more.
        """
        self.arrived = time.monotonic()
        self.client = client
        self.left = most
        self._most = most
        self._ends = set() if end is None else {end}

    def milliseconds(self) -> int | None:
        """What is left; None if that has no end."""
        return None if math.isinf(self.left) else int(self.left * 1000)

    async def wait(self, work: Awaitable[Result], seconds: float) -> Result:
        """What some work comes to; it is cancelled when there is no more patience for it.

        Args:
            work: To be shielded if others wait for it too.
            seconds: Until the request's deadline.

        Raises:
            OutOfPatience: it was not done in time, and the reason.
            DeadlineExceeded: the deadline came first.
        """
        task = asyncio.ensure_future(work)
        begin, most = time.monotonic(), max(min(self.left, seconds), 0)
        try:
            with current().stage(WAIT):
                # Not wait_for, which forgets a cancellation that comes with the result (3.11).
                await asyncio.wait(
                    {task, *self._ends},
                    timeout=None if math.isinf(most) else most,
                    return_when=asyncio.FIRST_COMPLETED,
                )
            if task.done():
                return task.result()
            if any(end.done() for end in self._ends):
                raise OutOfPatience("the service is being stopped")
            if seconds < self.left:
                raise DeadlineExceeded("it was still waiting then")
            raise OutOfPatience(f"it has waited for {self._most:g} seconds in all")
        finally:
            self.left = max(self.left - (time.monotonic() - begin), 0)
            task.cancel()
            await asyncio.wait([task])
