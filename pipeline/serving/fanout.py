"""Fan-out from a step to a leaf model, fair between the recordings that are in flight."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

Call = Callable[[], object]

MOST_RECORDINGS = 64  # that can have a piece under way beyond the window


class FanOut:
    """Pieces of all recordings, sent to a leaf in turn.

    So many pieces are under way at once as the ``window`` says, from all
    recordings together: one batch of the leaf, so that its queue is empty
    while it runs and full again a moment later.  Beyond that, a recording that
    has nothing under way may always send one piece.  What has just arrived
    therefore waits for the batch that runs and for nothing else, and is in the
    next one alone or with few, however many pieces the others still hold.
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._under_way = 0
        self._turns: deque[Recording] = deque()  # those with pieces to send
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(window + MOST_RECORDINGS, "fan-out")

    def recording(self) -> "Recording":
        """A queue for the pieces of one recording."""
        return Recording(self)

    def enqueue(self, recording: "Recording", call: Call, future: Future) -> None:
        """Queue a piece; for :class:`Recording`."""
        with self._lock:
            if not recording.pieces:
                self._turns.append(recording)
            recording.pieces.append((call, future))
            self._send()

    def _send(self) -> None:
        """Start what may be started; the lock is held."""
        passed = 0
        while passed < len(self._turns):
            recording = self._turns.popleft()
            if self._under_way >= self._window and recording.under_way:
                self._turns.append(recording)
                passed += 1
                continue
            passed = 0
            call, future = recording.pieces.popleft()
            if recording.pieces:
                self._turns.append(recording)
            if future.set_running_or_notify_cancel():
                self._under_way += 1
                recording.under_way += 1
                self._threads.submit(self._run, recording, call, future)

    def _run(self, recording: "Recording", call: Call, future: Future) -> None:
        try:
            answer, failure = call(), None
        except BaseException as error:
            answer, failure = None, error
        # The leaf must not wait for what the caller does with the answer.
        with self._lock:
            self._under_way -= 1
            recording.under_way -= 1
            self._send()
        if failure is None:
            future.set_result(answer)
        else:
            future.set_exception(failure)


class Recording:
    """The pieces of one recording, in order; leaving it drops what has not been sent."""

    def __init__(self, fan_out: FanOut) -> None:
        self.pieces: deque[tuple[Call, Future]] = deque()
        self.under_way = 0
        self._fan_out = fan_out
        self._futures: list[Future] = []

    def submit(self, call: Call) -> Future:
        """Queue one piece."""
        future: Future = Future()
        self._futures.append(future)
        self._fan_out.enqueue(self, call, future)
        return future

    def __enter__(self) -> "Recording":
        return self

    def __exit__(self, *exception: object) -> None:
        for future in self._futures:
            future.cancel()
