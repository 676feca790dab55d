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

from adapter.apart import distinct, names_of, transcribe_apart
from adapter.errors import ClientGone, TooLarge, exhaustion_is_overload
from adapter.intake.decoding import FIRST_TRACK, Limits, decode, find_ffmpeg
from adapter.intake.fence import find_fence
from adapter.intake.pcm import PcmUpload, copy_pcm
from adapter.intake.recording import Recording
from adapter.intake.references import LONGEST, Reference
from adapter.intake.tracks import FIRST_MIXED, find_sources
from adapter.intake.uploads import MEGABYTE, Upload
from adapter.known_speakers import known_voices
from adapter.telemetry.metrics import Metrics
from adapter.telemetry.progress import InFlight
from adapter.telemetry.record import DECODE, WAIT, current
from adapter.threads import in_thread
from adapter.triton.engine import Engine
from adapter.triton.streaming import OnSegment
from adapter.waiting.joining import Runs, key_of
from adapter.waiting.patience import Patience, Waiting
from adapter.waiting.places import UPLOADS_FOR_A_PLACE, Places
from documents import Transcript, Turns
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
        self._runs = Runs()

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
                voices = await asyncio.wait_for(self._decode_voices(upload, kept), left())
                if not upload.kept:  # the disk is for those that are still to be decoded
                    await in_thread(os.ftruncate, upload.fd, 0)
                duration = sum(voice.duration for voice in voices.values())
                record.duration = duration
                seconds = given or self.settings.request_timeout(duration)
                options = await self._recognising(upload.references, options, left(), patience)

                async def ask(
                    recording: Recording, options: Options, output: str = "WORDS"
                ) -> Transcript:
                    asked = options.due_in(left()).model_copy(update={"request_id": record.id})
                    work = partial(
                        self.engine.transcribe, recording, asked, output, on_segment, patience
                    )
                    # Of voices apart, each has work of its own and all are held until the end.
                    if options.reuse and on_segment is None and len(voices) == 1:
                        key = await in_thread(key_of, recording, options, output)
                        work = partial(self._runs.transcript, key, work, kept, left)
                    return await asyncio.wait_for(work(), left() + GRACE)

                if len(voices) > 1:
                    transcript = await transcribe_apart(voices, options, ask)
                else:
                    (recording,) = voices.values()
                    transcript = await ask(recording, options, output)
                record.hear(transcript, duration)
                return transcript
            except (DeadlineExceeded, asyncio.TimeoutError):
                raise DeadlineExceeded(f"it was not finished within {seconds:g} seconds") from None

    async def _decode_voices(
        self, upload: Upload, kept: contextlib.AsyncExitStack
    ) -> dict[str, Recording]:
        """The recordings of an upload by who speaks in them; one, unless they are to be apart."""
        if upload.choice == FIRST_MIXED or isinstance(upload, PcmUpload):
            return {"": await self._decode(upload, kept)}
        async with self._decoders:
            sources = await find_sources(
                self._ffmpeg, upload.fd, self._limits, upload.choice, upload.part
            )
        recordings: list[Recording] = []
        for source in sources:
            recordings.append(await self._decode(upload, kept, chosen=source.arguments))
            if sum(each.duration for each in recordings) > self._limits.duration:
                raise TooLarge(
                    f"{upload.part}: file too large: its {len(sources)} tracks and channels last "
                    f"longer than {self._limits.duration:g} seconds together; give tracks=mix or "
                    "channels=mix"
                )
        names = names_of([source.name for source in sources])
        return {names[each]: recordings[each] for each in await in_thread(distinct, recordings)}

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
        limits = dataclasses.replace(self._limits, duration=LONGEST)
        reuse = {"reuse": options.reuse}

        def decode_clip(clip: Upload, kept: contextlib.AsyncExitStack) -> Awaitable[Recording]:
            return self._decode(clip, kept, limits)

        def hear(recording: Recording, options: Options) -> Awaitable[Turns]:
            due = options.due_in(seconds).model_copy(update=reuse)
            return self.engine.transcribe(recording, due, "TURNS", None, patience)

        voices = known_voices(references, decode_clip, hear)
        return options.model_copy(
            update={"known_voices": await asyncio.wait_for(voices, seconds + GRACE)}
        )

    async def _decode(
        self,
        upload: Upload,
        kept: contextlib.AsyncExitStack,
        limits: Limits | None = None,
        chosen: Sequence[str] = FIRST_TRACK,
    ) -> Recording:
        limits = limits or self._limits
        async with contextlib.AsyncExitStack() as turn:
            with current().stage(WAIT):
                await turn.enter_async_context(self._decoders)
            with current().stage(DECODE):
                if self.engine.shares_memory:
                    # Containers often have a /dev/shm of 64 MB.
                    with contextlib.suppress(Overloaded):
                        return await self._decode_to(upload, kept, limits, chosen, shared=True)
                return await self._decode_to(upload, kept, limits, chosen, shared=False)

    async def _decode_to(
        self,
        upload: Upload,
        kept: contextlib.AsyncExitStack,
        limits: Limits,
        chosen: Sequence[str],
        shared: bool,
    ) -> Recording:
        with exhaustion_is_overload("the decoded audio"):
            recording = Recording(shared)
            try:
                if isinstance(upload, PcmUpload):
                    await copy_pcm(upload.fd, recording, limits, upload.part)
                else:
                    await decode(self._ffmpeg, upload.fd, recording, limits, upload.part, chosen)
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
