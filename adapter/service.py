"""What happens to one request, from its upload to its transcript."""

import asyncio
import contextlib
import os
import time
from collections.abc import Coroutine
from typing import TypeVar

from starlette.requests import Request

from adapter.errors import ClientGone, exhaustion_is_overload
from adapter.intake.decoding import Limits, decode, find_ffmpeg
from adapter.intake.fence import find_fence
from adapter.intake.pcm import PcmUpload, copy_pcm
from adapter.intake.recording import Recording
from adapter.intake.uploads import MEGABYTE, Upload
from adapter.patience import Waiting
from adapter.places import UPLOADS_FOR_A_PLACE, Places
from adapter.telemetry.metrics import Metrics
from adapter.telemetry.progress import InFlight
from adapter.telemetry.record import DECODE, WAIT, current
from adapter.threads import in_thread
from adapter.triton.engine import Engine
from adapter.triton.streaming import OnSegment
from documents import Transcript
from pipeline.errors import DeadlineExceeded, Overloaded
from pipeline.options import Options
from pipeline.settings import Settings

Result = TypeVar("Result")
MOST_FOLLOWERS = 256  # who are told how far something is; each is a connection
GRACE = 10.0  # seconds, for the engine to say itself that the deadline has passed


class Service:
    """The engine and what bounds its use; belongs to one event loop."""

    def __init__(self, settings: Settings, engine: Engine, metrics: Metrics | None = None) -> None:
        """Args:
        settings: of the adapter.
        engine: the graph.
        metrics: where its work is counted.
        """
        self.metrics = metrics or Metrics()
        self.settings = settings
        self.engine = engine
        self._ffmpeg = find_ffmpeg(settings.ffmpeg)
        self._limits = Limits(
            settings.max_duration_seconds,
            settings.decode_timeout_seconds,
            int(settings.min_free_disk_mb * MEGABYTE),
            find_fence(self._ffmpeg),
        )
        # More decoders than cores only take the cores from each other and from the networks.
        self._decoders = asyncio.Semaphore(settings.cores)
        self.recordings = Places(
            settings.max_requests, "recordings are being worked on", settings.max_waiting
        )
        uploads = UPLOADS_FOR_A_PLACE * settings.max_requests
        self.uploads = Places(uploads, "uploads are on their way")
        self.waiting = Waiting()
        self.in_flight = InFlight(engine)
        self.followers = Places(MOST_FOLLOWERS, "requests and jobs are being followed")

    async def transcribe(
        self,
        upload: Upload,
        options: Options,
        output: str,
        on_segment: OnSegment | None = None,
        seconds: float | None = None,
    ) -> Transcript:
        """Decode an upload, once there is a place for it, and ask the graph for one of its outputs.

        Args:
            upload: its file is emptied as soon as it is decoded, unless it is to be kept.
            options: of this recording.
            output: SEGMENTS, WORDS or TRANSCRIPT.
            on_segment: as the engine has it.
            seconds: that this may take; not given, what the settings say for its length.

        Raises:
            PipelineError: of the kind that says what went wrong.
        """
        patience = upload.patience or self.waiting.patience(self.settings.max_wait_seconds)
        given, seconds = seconds, seconds or self.settings.request_timeout(0)
        record = current()

        def left() -> float:
            return patience.arrived + seconds - time.monotonic()

        async with contextlib.AsyncExitStack() as kept:
            try:
                if patience.client is not None:
                    place = self.recordings.wait(patience.client)
                    await patience.wait(kept.enter_async_context(place), left())
                recording = await asyncio.wait_for(self._decode(upload, kept), left())
                if not upload.kept:  # the disk is for those that are still to be decoded
                    await in_thread(os.ftruncate, upload.fd, 0)
                record.duration = recording.duration
                seconds = given or self.settings.request_timeout(recording.duration)
                asked = options.due_in(left()).model_copy(update={"request_id": record.id})
                call = self.engine.transcribe(recording, asked, output, on_segment, patience)
                transcript = await asyncio.wait_for(call, left() + GRACE)
                record.hear(transcript, recording.duration)
                return transcript
            except (DeadlineExceeded, asyncio.TimeoutError):
                raise DeadlineExceeded(f"it was not finished within {seconds:g} seconds") from None

    async def _decode(self, upload: Upload, kept: contextlib.AsyncExitStack) -> Recording:
        async with contextlib.AsyncExitStack() as turn:
            with current().stage(WAIT):
                await turn.enter_async_context(self._decoders)
            with current().stage(DECODE):
                if self.engine.shares_memory:
                    # Containers often have a /dev/shm of 64 MB.
                    with contextlib.suppress(Overloaded):
                        return await self._decode_to(upload, kept, shared=True)
                return await self._decode_to(upload, kept, shared=False)

    async def _decode_to(
        self, upload: Upload, kept: contextlib.AsyncExitStack, shared: bool
    ) -> Recording:
        with exhaustion_is_overload("the decoded audio"):
            recording = Recording(shared)
            try:
                if isinstance(upload, PcmUpload):
                    await copy_pcm(upload.fd, recording, self._limits, upload.part)
                else:
                    await decode(self._ffmpeg, upload.fd, recording, self._limits, upload.part)
                recording.settle()
            except BaseException:
                await in_thread(recording.close)
                raise
        # Not returned without an owner: who waits for it may have given up meanwhile.
        kept.push_async_callback(in_thread, recording.close)
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
        await asyncio.gather(task, gone, return_exceptions=True)
