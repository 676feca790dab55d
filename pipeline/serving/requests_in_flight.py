"""The requests that a step is working on, and whether anybody still waits for them.

Triton does not tell the step that runs inside an ensemble that the client has
gone, so the adapter tells it, by the request's key (:meth:`RequestsInFlight.cancel`).
Callers without the adapter are asked about at Triton itself.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager

from pipeline.errors import Cancelled, InvalidRequest, Overloaded
from pipeline.kept_answers.keeper import KEEPER
from pipeline.kept_answers.question import Question
from pipeline.options import Options
from pipeline.serving.departures import DEPARTURES
from pipeline.serving.fanout import FanOut, Recording
from pipeline.telemetry.traces import Span

LOOK_SECONDS = 0.25  # between two looks at whether somebody still waits
REMEMBERED = 4096  # keys of callers who left before a step got to their request


class RequestInFlight:
    """One request of a step."""

    def __init__(self, request: object, options: Options) -> None:
        self._request = request  # Triton's; None once it has been answered
        self._options = options
        self._cancelled = threading.Event()
        self.arrived = time.monotonic()
        self.span = Span()  # what tells a collector of it, if somebody does
        self._looked = self.arrived - LOOK_SECONDS
        self._lock = threading.Lock()
        self._reached: dict[object, float] = {}  # seconds of the recording, by what goes through it

    @property
    def seconds(self) -> float:
        """Since it arrived, to the millisecond."""
        return round(time.monotonic() - self.arrived, 3)

    def cancel(self) -> None:
        """Nobody waits for it any more."""
        self._cancelled.set()
        if self._options.request_key:
            DEPARTURES.note(self._options.request_key)

    def check(self) -> None:
        """Go on only if somebody waits for the answer.

        Raises:
            Cancelled: the caller has gone.
            DeadlineExceeded: the deadline has passed.
        """
        self._options.check_deadline()
        with self._lock:
            now = time.monotonic()
            if self._request is not None and now - self._looked >= LOOK_SECONDS:
                self._looked = now
                if self._request.is_cancelled():
                    self.cancel()
        if self._cancelled.is_set():
            raise Cancelled("the caller has gone")

    def pause(self, seconds: float) -> None:
        """Wait for so long; raises what :meth:`check` does."""
        self._cancelled.wait(seconds)
        self.check()

    def reach(self, way: object, seconds: float) -> None:
        """So much of the recording is done by one of the ways that it goes."""
        self._reached[way] = max(seconds, self._reached.get(way, 0.0))

    @property
    def reached(self) -> float:
        """Seconds of the recording that are done, each of its ways counting alike."""
        reached = list(self._reached.values())
        return sum(reached) / len(reached) if reached else 0.0

    def end(self) -> None:
        """It has been answered: Triton's request must not be touched any more."""
        with self._lock:
            self._request = None


class RequestsInFlight:
    """All requests of a step, by key."""

    def __init__(self) -> None:
        self._running: dict[str, RequestInFlight] = {}
        self._cancelled: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def start(self, request: object, options: Options, most: int) -> RequestInFlight:
        """Take on a request; :meth:`end` it whatever happens.

        Raises:
            Overloaded: ``most`` requests are being worked on.
            InvalidRequest: one of them has the same key.
        """
        with self._lock:
            if len(self._running) >= most:
                raise Overloaded(f"{most} recordings are being worked on already")
            if options.request_key in self._running:
                raise InvalidRequest(f"request_key: {options.request_key!r} is taken")
            taken = self._running[options.request_key] = RequestInFlight(request, options)
            if options.request_key in self._cancelled:
                taken.cancel()
            return taken

    def of(self, options: Options) -> RequestInFlight:
        """The request with these options; one that has ended counts as cancelled."""
        with self._lock:
            found = self._running.get(options.request_key)
        if found is None:
            found = RequestInFlight(None, options)
            found.cancel()
        return found

    def reached(self, key: str) -> float | None:
        """Seconds of a recording that are done; None if its request is not here."""
        with self._lock:
            found = self._running.get(key)
        return None if found is None else found.reached

    def cancel(self, key: str) -> None:
        """Nobody waits for this request, whether it is here already or comes later."""
        DEPARTURES.note(key)  # another step may have sent pieces of it
        with self._lock:
            self._cancelled[key] = None
            while len(self._cancelled) > REMEMBERED:
                self._cancelled.popitem(last=False)
            if key in self._running:
                self._running[key].cancel()

    def end(self, options: Options) -> None:
        """Let go of a request that has been answered."""
        with self._lock:
            self._running.pop(options.request_key).end()


IN_FLIGHT = RequestsInFlight()  # a process is one step


class Answer(Future):
    """The answer to a piece, waited for as long as somebody waits for the whole."""

    def __init__(
        self, request: RequestInFlight, sent: Future, way: object = None, until: float = 0.0
    ) -> None:
        super().__init__()
        self._request = request
        self._way = way
        self._until = until
        sent.add_done_callback(self._arrive)

    def _arrive(self, sent: Future) -> None:
        if sent.cancelled():
            self.cancel()
        elif failure := sent.exception():
            self.set_exception(failure)
        else:
            if self._way is not None:
                self._request.reach(self._way, self._until)
            self.set_result(sent.result())

    def result(self, timeout: float | None = None) -> object:
        """As a future's; also raises what :meth:`RequestInFlight.check` does.

        A leaf that hangs would otherwise hold its caller for good.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while not self.done() and (end is None or time.monotonic() < end):
            self._request.check()
            wait([self], LOOK_SECONDS)
        return super().result(0)


class Pieces:
    """The pieces of one request, as :class:`pipeline.serving.fanout.Recording` sends them."""

    def __init__(self, recording: Recording, request: RequestInFlight) -> None:
        self._recording = recording
        self._request = request

    def submit(
        self,
        call: Callable[[], object],
        until: float | None = None,
        question: Question | None = None,
    ) -> Answer:
        """Queue one piece, unless nobody waits for the answer any more.

        Args:
            call: asks a leaf.
            until: seconds of the recording that have gone this way when it is answered.
            question: what its answer depends on.  One that is kept is there at once: it takes
                no place in a batch and waits for none.  None: it is not kept either.
        """
        self._request.check()
        asked = question is not None and KEEPER.keeps
        send = self._recording.submit
        sent = KEEPER.answer(question, call, send) if asked else send(call)
        if until is None:
            return Answer(self._request, sent)
        return Answer(self._request, sent, self, until)


@contextmanager
def pieces(fan_out: FanOut, options: Options, measured: bool = False) -> Iterator[Pieces]:
    """A queue for the pieces of the request with these options; drops what was not sent.

    Args:
        measured: whether the whole recording goes this way, and tells how far it is.
    """
    request = IN_FLIGHT.of(options)
    with fan_out.recording(options.background) as recording:
        sent = Pieces(recording, request)
        if measured:
            request.reach(sent, 0.0)
        yield sent
