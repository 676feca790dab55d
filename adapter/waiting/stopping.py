"""The moment in which the process is asked to stop, which uvicorn tells its application last."""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextlib.contextmanager
def when_asked_to_stop(call: Callable[[], None]) -> Iterator[None]:
    """Have something called in the running event loop then, beside what happens anyway.

    Uvicorn first waits for the requests that are under way, and only then ends the
    application.  It has set its handlers before it starts one.
    """
    if threading.current_thread() is not threading.main_thread():  # no signals there
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(call)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    # Only what has a handler: the default one ends the process, with all that waits in it.
    mine = [number for number, handler in before.items() if callable(handler)]
    for number in mine:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in mine:
            if signal.getsignal(number) is handle:
                signal.signal(number, before[number])
