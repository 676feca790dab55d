"""Fan-out from a step to a leaf model, fair between the recordings that are in flight."""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from pipeline.errors import PipelineError, forget_frames

Call = Callable[[], object]


class Urgency(Protocol):
    """What is told of the urgent pieces that are under way."""

    def enter(self) -> None:
        """One is sent; never called by two threads at once."""

    def leave(self) -> None:
        """One is answered."""


class Turns(Protocol):
    """What is told of the pieces that wait for their turn; never called by two threads at once."""

    def enter(self) -> None:
        """One waits."""

    def leave(self, seconds: float | None) -> None:
        """It is sent after so many seconds, or nobody wants it any more."""


URGENT_IN_A_ROW = 4  # recordings whose urgent pieces go before another piece of a long one
PIECES_BEFORE = 8  # of recordings whose senders wait, before one of the background's
# Recordings that can have a piece under way beyond the window. What is under way is worked on even
# if nobody waits any more; and each call, like each answer of the step, takes one of so many
# threads of Triton (thread-pool-size): without a free one, the step answers nobody.
BEYOND_WINDOW = 8


class FanOut:
    """Pieces of all recordings, sent to a leaf in turn.

    So many pieces are under way at once as the ``window`` says, from all
    recordings together: one batch of the leaf, so that its queue is empty
    while it runs and full again a moment later.  Beyond that, a recording that
    has nothing under way may send one piece, as long as few do.  What has just arrived
    therefore waits for the batch that runs and for nothing else, and is in the
    next one alone or with few, however many pieces the others still hold.

    The first ``urgent_pieces`` of each recording are urgent: most recordings
    have no more, and their senders look at the screen.  While some are under
    way the pieces of longer recordings wait, so as not to be in their batch.

    Recordings in the background have no urgent pieces, and only those places of the
    window that the others leave free, but for one piece after so many of theirs.
    """

    def __init__(
        self,
        window: int,
        urgency: Urgency | None = None,
        urgent_pieces: int = 1,
        turns: Turns | None = None,
    ) -> None:
        self._window = window
        self._urgency = urgency
        self._turn_meters = turns
        self._urgent_pieces = urgent_pieces if urgency is not None else 0
        self._under_way = 0
        self._urgent_under_way = 0
        self._urgent_in_a_row = 0
        self._turns: deque[Recording] = deque()  # those with pieces to send
        self._background: deque[Recording] = deque()  # likewise
        self._before = 0  # pieces of the former since one of the latter had its turn
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(window + BEYOND_WINDOW, "fan-out")

    def recording(self, background: bool = False) -> "Recording":
        """A queue for the pieces of one recording, which gives way to others or does not."""
        return Recording(self, background)

    def enqueue(self, recording: "Recording", call: Call, future: Future) -> None:
        """Queue a piece; for :class:`Recording`."""
        with self._lock:
            if not recording.pieces:
                self._queue_of(recording).append(recording)
            recording.pieces.append((call, future, time.monotonic()))
            if self._turn_meters is not None:
                self._turn_meters.enter()
            self._send()

    def _send(self) -> None:
        """Start what may be started; the lock is held."""
        while (recording := self._next()) is not None:
            call, future, since = recording.pieces.popleft()
            if recording.pieces:
                self._queue_of(recording).append(recording)
            is_wanted = future.set_running_or_notify_cancel()
            if self._turn_meters is not None:
                self._turn_meters.leave(time.monotonic() - since if is_wanted else None)
            if is_wanted:
                urgent = self._is_urgent(recording)
                self._count(recording, urgent, 1)
                recording.sent += 1
                self._urgent_in_a_row = self._urgent_in_a_row + 1 if urgent else 0
                self._before = 0 if recording.background else self._before + 1
                self._threads.submit(self._run, recording, call, future, urgent)

    def _next(self) -> "Recording | None":
        """Take out whose turn it is, of those that may send a piece now."""
        queues = [self._turns, self._background]
        if not self._background:
            self._before = 0
        elif self._before >= PIECES_BEFORE:
            queues.reverse()
        for queue in queues:
            for _ in range(len(queue)):
                recording = queue.popleft()
                if self._may_send(recording):
                    return recording
                queue.append(recording)
        return None

    def _queue_of(self, recording: "Recording") -> "deque[Recording]":
        return self._background if recording.background else self._turns

    def _may_send(self, recording: "Recording") -> bool:
        beyond = self._under_way - self._window
        gives_way = recording.background and self._before < PIECES_BEFORE
        if beyond >= (0 if recording.under_way or gives_way else BEYOND_WINDOW):
            return False
        row = URGENT_IN_A_ROW * self._urgent_pieces
        return (
            self._is_urgent(recording)
            or self._urgent_under_way == recording.urgent_under_way
            or self._urgent_in_a_row >= row
        )

    def _is_urgent(self, recording: "Recording") -> bool:
        return not recording.background and recording.sent < self._urgent_pieces

    def _count(self, recording: "Recording", urgent: bool, pieces: int) -> None:
        """Note that a piece has been sent (1) or answered (-1); the lock is held."""
        self._under_way += pieces
        recording.under_way += pieces
        if urgent:
            self._urgent_under_way += pieces
            recording.urgent_under_way += pieces
            (self._urgency.enter if pieces > 0 else self._urgency.leave)()

    def _run(self, recording: "Recording", call: Call, future: Future, urgent: bool) -> None:
        try:
            answer, failure = call(), None
        except BaseException as error:
            answer, failure = None, error
            if isinstance(error, PipelineError):  # nobody needs to know where in the code
                forget_frames(error)
        # The leaf must not wait for what the caller does with the answer.
        with self._lock:
            self._count(recording, urgent, -1)
            self._send()
        if failure is None:
            future.set_result(answer)
        else:
            future.set_exception(failure)


class Recording:
    """The pieces of one recording, in order; leaving it drops what has not been sent."""

    def __init__(self, fan_out: FanOut, background: bool) -> None:
        self.background = background
        self.pieces: deque[tuple[Call, Future, float]] = deque()  # the last: since when
        self.under_way = 0
        self.urgent_under_way = 0
        self.sent = 0
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
