"""Sleep that ends early where there is something to do."""

import asyncio
import contextlib

from adapter.waiting.bounded import NotInTime, within


class Wake:
    """That of one task; belongs to its event loop."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def up(self) -> None:
        """End the sleep, or the next one at once if there is none."""
        self._event.set()

    async def sleep(self, seconds: float) -> None:
        """Return after so long, or as soon as :meth:`up` has been called."""
        with contextlib.suppress(NotInTime):
            await within(seconds, self._event.wait())
        self._event.clear()
