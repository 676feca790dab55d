"""Requests for the same recording with the same options, of which one is worked on for all."""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence

from adapter.intake.recording import Recording
from adapter.telemetry.record import current
from adapter.triton.streaming import OnSegment
from documents import Transcript
from pipeline.errors import DeadlineExceeded
from pipeline.options import Options

# What is of one request alone, and changes no transcript.
OF_A_REQUEST = {
    *("request_id", "request_key", "traceparent", "background"),
    *("timeout_ms", "deadline_ns", "clock", "patience_ms"),
}

# Is given how long it may take, in seconds, and whom to tell each segment as it comes, if anybody.
Work = Callable[[float, OnSegment | None], Awaitable[Transcript]]


class _Run:
    """Work that is under way, and how many wait for it."""

    def __init__(
        self, work: Work, seconds: float, held: contextlib.AsyncExitStack, is_stream: bool
    ) -> None:
        self.members = 0
        self.record = current()  # of who began it, where the graph's key for it is noted
        self._told: list[Transcript] = []
        self._listeners: list[OnSegment] = []
        on_segment = self._tell if is_stream else None
        self.task = asyncio.create_task(self._work(work, seconds, held, on_segment))

    async def _work(
        self,
        work: Work,
        seconds: float,
        held: contextlib.AsyncExitStack,
        on_segment: OnSegment | None,
    ) -> Transcript:
        async with held:
            return await work(seconds, on_segment)

    def _tell(self, part: Transcript) -> None:
        self._told.append(part)
        for listener in self._listeners:
            listener(part)

    @contextlib.contextmanager
    def heard_by(self, listener: OnSegment | None) -> Iterator[None]:
        """Tell somebody what has been told already, and meanwhile what follows."""
        if listener is None:
            yield
            return
        for part in self._told:
            listener(part)
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)


class Runs:
    """Those of one service."""

    def __init__(self, seconds: float) -> None:
        """Args:
        seconds: of work, after which it ends whoever waits for it: more than most may wait.
        """
        self._seconds = seconds
        self._runs: dict[str, _Run] = {}

    async def transcript(
        self,
        keys: Sequence[str],
        work: Work,
        held: contextlib.AsyncExitStack,
        left: Callable[[], float],
        on_segment: OnSegment | None = None,
    ) -> Transcript:
        """What work of one of these keys comes to, which is done once for all who ask meanwhile.

        It ends when it is done or the last of them has left.  A failure is told to
        whoever began the work; the others begin anew, with what they hold.

        Args:
            keys: as :func:`keys_of` makes them.
            work: begun here, under the last key, if nobody else's is under way.
            held: what the work needs; closed after it, if it is begun here.
            left: seconds until the deadline of who asks, which is no other's.
            on_segment: is told each segment as it comes, those from before it asked at once;
                from the first one again when it begins anew.

        Raises:
            DeadlineExceeded: the work is not done by then.
            PipelineError: the work, begun here, failed.
        """
        while run := next((self._runs[key] for key in keys if key in self._runs), None):
            with current().shared(run.record):
                done = await self._outcome(run, left, on_segment)
            if not done.cancelled() and done.exception() is None:
                return done.result()
        run = self._runs[keys[-1]] = _Run(work, self._seconds, held.pop_all(), bool(on_segment))
        run.task.add_done_callback(lambda _: self._forget(run))
        return (await self._outcome(run, left, on_segment)).result()

    async def _outcome(
        self, run: _Run, left: Callable[[], float], on_segment: OnSegment | None
    ) -> "asyncio.Task[Transcript]":
        run.members += 1
        try:
            with run.heard_by(on_segment):
                await asyncio.wait({run.task}, timeout=max(left(), 0))
            if not run.task.done():
                raise DeadlineExceeded("it was still under way then")
            return run.task
        finally:
            run.members -= 1
            if not run.members and not run.task.done():
                self._forget(run)  # who comes now does not join what ends
                run.task.cancel()
                await asyncio.wait({run.task})

    def _forget(self, run: _Run) -> None:
        self._runs = {key: other for key, other in self._runs.items() if other is not run}


def keys_of(recording: Recording, options: Options, output: str, is_stream: bool) -> list[str]:
    """What requests have in common whose answers are the same; reads the whole recording.

    Who waits joins nobody whose work gives way to others, but the other way round.  Streams
    join streams: their language is decided earlier, and other work tells nothing before its end.

    Returns:
        The keys of the work that may be joined, the last of which is that of its own.
    """
    digest = hashlib.blake2b(recording.pcm().data, digest_size=32)
    asked = options.model_dump(exclude=OF_A_REQUEST)
    key = json.dumps([digest.hexdigest(), asked, output, is_stream], sort_keys=True)
    return [key, f"{key} in the background"] if options.background else [key]
