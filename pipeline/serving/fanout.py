"""Fan-out from a step to a leaf model, fair between the recordings that are in flight."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

Call = Callable[[], object]


class FanOut:
    """A fixed number of workers that serve recordings in turn.

    The number of workers is the window: so many pieces are in the leaf's queue
    at once, from all recordings together.  A recording that has just arrived
    has its first piece sent next but at most ``recordings - 1``, however many
    pieces the others still hold.
    """

    def __init__(self, window: int) -> None:
        self._turns: deque[Recording] = deque()
        self._ready = threading.Condition()
        for number in range(window):
            threading.Thread(target=self._work, name=f"fan-out-{number}", daemon=True).start()

    def recording(self) -> "Recording":
        """A queue for the pieces of one recording."""
        return Recording(self)

    def _enqueue(self, recording: "Recording", call: Call, future: Future) -> None:
        with self._ready:
            if not recording.pieces:
                self._turns.append(recording)
            recording.pieces.append((call, future))
            self._ready.notify()

    def _next(self) -> tuple[Call, Future]:
        with self._ready:
            while not self._turns:
                self._ready.wait()
            recording = self._turns.popleft()
            piece = recording.pieces.popleft()
            if recording.pieces:
                self._turns.append(recording)
            return piece

    def _work(self) -> None:
        while True:
            call, future = self._next()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as failure:
                future.set_exception(failure)


class Recording:
    """The pieces of one recording, in order; leaving it drops what has not been sent."""

    def __init__(self, fan_out: FanOut) -> None:
        self.pieces: deque[tuple[Call, Future]] = deque()
        self._fan_out = fan_out
        self._futures: list[Future] = []

    def submit(self, call: Call) -> Future:
        """Queue one piece."""
        future: Future = Future()
        self._futures.append(future)
        self._fan_out._enqueue(self, call, future)
        return future

    def __enter__(self) -> "Recording":
        return self

    def __exit__(self, *exception: object) -> None:
        for future in self._futures:
            future.cancel()
