"""What happens to one request, from its upload to its transcript."""

import asyncio
import contextlib
import dataclasses
import os
import time
from collections.abc import Awaitable, Coroutine, Sequence
from functools import partial
from typing import TypeVar

from starlette.requests import Request

from adapter.apart import transcribe_apart
from adapter.errors import ClientGone
from adapter.intake.decoders import Decoded, Decoders
from adapter.intake.decoding import Limits, find_ffmpeg
from adapter.intake.fence import find_fence
from adapter.intake.recording import Recording
from adapter.intake.references import LONGEST, Reference
from adapter.intake.uploads import MEGABYTE, Upload
from adapter.known_speakers import known_voices
from adapter.telemetry.metrics import Metrics
from adapter.telemetry.progress import InFlight
from adapter.telemetry.record import VOICES, current
from adapter.threads import in_thread
from adapter.triton.engine import Engine
from adapter.triton.streaming import OnSegment
from adapter.waiting.joining import Runs, keys_of
from adapter.waiting.patience import Patience, Waiting
from adapter.waiting.places import UPLOADS_FOR_A_PLACE, Places
from documents import Transcript, Turns
from pipeline.errors import DeadlineExceeded
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
        ffmpeg = find_ffmpeg(settings.ffmpeg)
        limits = Limits(
            settings.max_duration_seconds,
            settings.decode_timeout_seconds,
            int(settings.min_free_disk_mb * MEGABYTE),
            find_fence(ffmpeg),
        )
        # More decoders than cores only take the cores from each other and from the networks.
        self.decoders = Decoders(ffmpeg, limits, settings.cores, lambda: engine.shares_memory)
        self.recordings = Places(
            settings.max_requests, "recordings are being worked on", settings.max_waiting
        )
        uploads = UPLOADS_FOR_A_PLACE * settings.max_requests
        # All for whom there is a place or room in the line may come at the same moment.
        uploads = max(uploads, settings.max_requests + settings.max_waiting)
        self.uploads = Places(uploads, "uploads are on their way")
        self.waiting = Waiting()
        self.in_flight = InFlight(engine)
        self.followers = Places(MOST_FOLLOWERS, "requests and jobs are being followed")
        longest = settings.request_timeout(settings.max_duration_seconds)
        self._runs = Runs(max(longest, settings.job_timeout_seconds))

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
        options = options.model_copy(update={"reuse": options.reuse and not upload.fresh})
        patience = upload.patience or self.waiting.patience(self.settings.max_wait_seconds)
        given, seconds = seconds, seconds or self.settings.request_timeout(0)
        record = current()

        def left() -> float:
            return patience.arrived + seconds - time.monotonic()

        async with contextlib.AsyncExitStack() as own, contextlib.AsyncExitStack() as kept:
            try:
                if patience.client is not None:
                    place = self.recordings.wait(patience.client)
                    await patience.wait(own.enter_async_context(place), left())
                decoding = self.decoders.voices(upload, kept, options.background)
                voices = await asyncio.wait_for(decoding, left())
                if not upload.kept:  # the disk is for those that are still to be decoded
                    await in_thread(os.ftruncate, upload.fd, 0)
                duration = sum(each.recording.duration for each in voices.values())
                record.duration = duration
                seconds = given or self.settings.request_timeout(duration)
                options = await self._recognising(upload.references, options, left(), patience)

                async def ask(
                    voice: Decoded, options: Options, output: str = "WORDS"
                ) -> Transcript:
                    options = options.model_copy(update={"request_id": record.id})
                    asked = voice.recording, options, output
                    work = partial(self._work, *asked, patience)
                    if options.reuse:
                        keys = await in_thread(keys_of, *asked, on_segment is not None)
                        return await self._runs.transcript(keys, work, voice.held, left, on_segment)
                    return await asyncio.wait_for(work(left(), on_segment), left() + GRACE)

                if len(voices) > 1:
                    transcript = await transcribe_apart(voices, options, ask)
                else:
                    (voice,) = voices.values()
                    transcript = await ask(voice, options, output)
                record.hear(transcript, duration)
                return transcript
            except (DeadlineExceeded, asyncio.TimeoutError):
                raise DeadlineExceeded(f"it was not finished within {seconds:g} seconds") from None

    async def _work(
        self,
        recording: Recording,
        options: Options,
        output: str,
        patience: Patience,
        seconds: float,
        on_segment: OnSegment | None,
    ) -> Transcript:
        asked = options.due_in(seconds)
        return await self.engine.transcribe(recording, asked, output, on_segment, patience)

    async def _recognising(
        self,
        references: Sequence[Reference],
        options: Options,
        seconds: float,
        patience: Patience,
    ) -> Options:
        """The options with the voices of these clips, which may take so many seconds."""
        if not references:
            return options
        limits = dataclasses.replace(self.decoders.limits, duration=LONGEST)
        reuse = {"reuse": options.reuse}

        def decode_clip(clip: Upload, kept: contextlib.AsyncExitStack) -> Awaitable[Recording]:
            return self.decoders.decode(clip, kept, limits)

        def hear(recording: Recording, options: Options) -> Awaitable[Turns]:
            due = options.due_in(seconds).model_copy(update=reuse)
            return self.engine.transcribe(recording, due, "TURNS", None, patience)

        with current().stage_of_others(VOICES):
            voices = known_voices(references, decode_clip, hear)
            known = await asyncio.wait_for(voices, seconds + GRACE)
        return options.model_copy(update={"known_voices": known})


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
