"""Requests for the same recording with the same options, of which one is worked on for all."""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import Awaitable, Callable

from adapter.intake.recording import Recording
from documents import Transcript
from pipeline.errors import DeadlineExceeded
from pipeline.options import Options

# What is of one request alone, and changes no transcript.
OF_A_REQUEST = {
    *("request_id", "request_key", "traceparent"),
    *("timeout_ms", "deadline_ns", "clock", "patience_ms"),
}

Work = Callable[[], Awaitable[Transcript]]


class _Run:
    """Work that is under way, and how many wait for it."""

    def __init__(self, work: Work, held: contextlib.AsyncExitStack) -> None:
        self.members = 0
        self.task = asyncio.create_task(self._work(work, held))

    async def _work(self, work: Work, held: contextlib.AsyncExitStack) -> Transcript:
        async with held:
            return await work()


class Runs:
    """Those of one service."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}

    async def transcript(
        self,
        key: str,
        work: Work,
        held: contextlib.AsyncExitStack,
        left: Callable[[], float],
    ) -> Transcript:
        """What work of this key comes to, which is done once for all who ask meanwhile.

        It ends when it is done or the last of them has left.  A failure is told to
        whoever began the work; the others begin anew, with what they hold.

        Args:
            key: as :func:`key_of` makes it.
            work: begun here if nobody else's is under way; it ends at its deadline itself.
            held: what the work needs; closed after it, if it is begun here.
            left: seconds until the deadline of who asks, which others' work does not know.

        Raises:
            DeadlineExceeded: others' work is not done by then.
            PipelineError: the work, begun here, failed.
        """
        while (run := self._runs.get(key)) is not None:
            done = await self._outcome(key, run, max(left(), 0))
            if not done.cancelled() and done.exception() is None:
                return done.result()
        run = self._runs[key] = _Run(work, held.pop_all())
        run.task.add_done_callback(lambda _: self._forget(key, run))
        return (await self._outcome(key, run)).result()

    async def _outcome(
        self, key: str, run: _Run, seconds: float | None = None
    ) -> "asyncio.Task[Transcript]":
        run.members += 1
        try:
            await asyncio.wait({run.task}, timeout=seconds)
            if not run.task.done():
                raise DeadlineExceeded("the work for another request was still under way then")
            return run.task
        finally:
            run.members -= 1
            if not run.members and not run.task.done():
                self._forget(key, run)  # who comes now does not join what ends
                run.task.cancel()
                await asyncio.wait({run.task})

    def _forget(self, key: str, run: _Run) -> None:
        if self._runs.get(key) is run:
            del self._runs[key]


def key_of(recording: Recording, options: Options, output: str) -> str:
    """The same for requests whose answers are the same; reads the whole recording."""
    digest = hashlib.blake2b(recording.pcm().data, digest_size=32)
    asked = options.model_dump(exclude=OF_A_REQUEST)
    return json.dumps([digest.hexdigest(), asked, output], sort_keys=True)
