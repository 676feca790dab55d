"""What happens to one request, from its upload to its transcript."""

import asyncio
import contextlib
import os
import time
from collections.abc import Coroutine, Iterator
from typing import TypeVar

from starlette.requests import Request

from adapter.errors import ClientGone, exhaustion_is_overload
from adapter.intake.decoding import Limits, decode, find_ffmpeg
from adapter.intake.pcm import PcmUpload, copy_pcm
from adapter.intake.recording import Recording
from adapter.intake.uploads import MEGABYTE, Upload
from adapter.triton.engine import Engine
from adapter.triton.streaming import OnSegment
from documents import Transcript
from pipeline.errors import DeadlineExceeded, Overloaded
from pipeline.options import Options
from pipeline.settings import Settings

Result = TypeVar("Result")
GRACE = 10.0  # seconds, for the engine to say itself that the deadline has passed


class Service:
    """The engine and what bounds its use; belongs to one event loop."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.settings = settings
        self.engine = engine
        self._ffmpeg = find_ffmpeg(settings.ffmpeg)
        self._limits = Limits(
            settings.max_duration_seconds,
            settings.decode_timeout_seconds,
            int(settings.min_free_disk_mb * MEGABYTE),
        )
        # More decoders than cores only take the cores from each other and from the networks.
        self._decoders = asyncio.Semaphore(settings.cores)
        self._requests = 0

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """A place among the requests that are in flight.

        Raises:
            Overloaded: all places are taken.
        """
        if self._requests >= self.settings.max_requests:
            raise Overloaded(f"{self._requests} recordings are being worked on already")
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1

    async def transcribe(
        self, upload: Upload, options: Options, output: str, on_segment: OnSegment | None = None
    ) -> Transcript:
        """Decode an upload and ask the graph for one of its outputs.

        ``on_segment`` is as the engine has it.

        Raises:
            PipelineError: of the kind that says what went wrong.
        """
        begin = time.monotonic()
        seconds = self.settings.request_timeout(0)  # until its length is known
        with contextlib.ExitStack() as kept:
            try:
                recording = await asyncio.wait_for(self._decode(upload, kept), seconds)
                os.ftruncate(upload.fd, 0)  # the disk is for those that are still to be decoded
                seconds = self.settings.request_timeout(recording.duration)
                left = begin + seconds - time.monotonic()
                deadline_ms = int((time.time() + left) * 1000)
                options = options.model_copy(update={"deadline_ms": deadline_ms})
                call = self.engine.transcribe(recording, options, output, on_segment)
                return await asyncio.wait_for(call, left + GRACE)
            except (DeadlineExceeded, asyncio.TimeoutError):
                raise DeadlineExceeded(f"it was not finished within {seconds:g} seconds") from None

    async def _decode(self, upload: Upload, kept: contextlib.ExitStack) -> Recording:
        async with self._decoders:
            if self.engine.shares_memory:
                # Containers often have a /dev/shm of 64 MB.
                with contextlib.suppress(Overloaded):
                    return await self._decode_to(upload, kept, shared=True)
            return await self._decode_to(upload, kept, shared=False)

    async def _decode_to(
        self, upload: Upload, kept: contextlib.ExitStack, shared: bool
    ) -> Recording:
        with contextlib.ExitStack() as unless_done:
            with exhaustion_is_overload("the decoded audio"):
                recording = unless_done.enter_context(Recording(shared))
                if isinstance(upload, PcmUpload):
                    await copy_pcm(upload.fd, recording, self._limits, upload.part)
                else:
                    await decode(self._ffmpeg, upload.fd, recording, self._limits, upload.part)
            recording.settle()
            # Not returned without an owner: who waits for it may have given up meanwhile.
            kept.enter_context(unless_done.pop_all())
        return recording


async def unless_gone(request: Request, work: Coroutine[None, None, Result]) -> Result:
    """The result of this work, which is cancelled when the client hangs up.

    Raises:
        ClientGone: it did.
    """

    async def hang_up() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    task, gone = asyncio.ensure_future(work), asyncio.ensure_future(hang_up())
    try:
        await asyncio.wait([task, gone], return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientGone
        return task.result()
    finally:
        for future in (task, gone):
            future.cancel()
        # The recording is given back before its upload is closed.
        await asyncio.wait([task, gone])
