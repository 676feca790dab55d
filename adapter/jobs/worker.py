"""Works on the jobs of the store, a few at a time, beside the requests whose clients wait.

A job is what a synchronous request is: one call of :meth:`adapter.service.Service.transcribe`.
Whatever may be otherwise in a moment (Triton is away, a network is being loaded) is waited for; a
job that this adapter cannot end is left to the next one.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from adapter.errors import UNAVAILABLE, TooSlow, internal
from adapter.jobs import claims
from adapter.jobs.database import Database, DatabaseUnavailable
from adapter.jobs.fetching import NotFetched, fetch
from adapter.jobs.outside import Outside
from adapter.jobs.recordings import Recordings
from adapter.jobs.records import Job, Json, add_upload
from adapter.service import Service
from adapter.telemetry.record import CURRENT, Record
from adapter.triton.engine import Interrupted
from adapter.triton.failures import ProcessDied
from documents import Transcript
from pipeline.errors import DeadlineExceeded, InvalidRequest, PipelineError, WeightsNotFound
from pipeline.options import Options
from pipeline.telemetry.logs import REQUEST_ID

POLL_SECONDS = 2.0  # between looks at what other adapters have left or taken on
BEAT_SECONDS = 2.5  # between words of this one, of which some may be lost within a lease
PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)  # while what a job needs is away
AFTER_DEATH_SECONDS = 2.0
FINAL = (InvalidRequest, WeightsNotFound, DeadlineExceeded)

logger = logging.getLogger(__name__)


@dataclass
class Running:
    """A job that is worked on here."""

    job: Job
    task: asyncio.Task[None]
    cancelled: bool = False  # nobody wants it any more, or it is another adapter's


class Worker:
    """Belongs to one event loop."""

    def __init__(
        self,
        service: Service,
        database: Database,
        recordings: Recordings,
        outside: Outside,
        on_end: Callable[[], None],
    ) -> None:
        """Args:
        service: does the work.
        database: has the jobs.
        recordings: theirs.
        outside: where others lie that are to be fetched.
        on_end: called when a job has ended.
        """
        self._service = service
        self._outside = outside
        self._on_end = on_end
        self._settings = service.settings
        self._database = database
        self._recordings = recordings
        self._name = str(uuid.uuid4())
        self._running: dict[int, Running] = {}
        self._wake = asyncio.Event()
        self._told = asyncio.Event()

    def wake(self) -> None:
        """There is a new job."""
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled; what is being worked on is then left to others."""
        beat = asyncio.create_task(self._beat())
        try:
            while True:
                with contextlib.suppress(DatabaseUnavailable):
                    await self._take_on()
                self._wake.clear()
                wake = asyncio.ensure_future(self._wake.wait())
                await asyncio.wait({wake}, timeout=POLL_SECONDS)
                wake.cancel()
        finally:
            tasks = [running.task for running in self._running.values()]
            for task in (beat, *tasks):
                task.cancel()
            await asyncio.gather(beat, *tasks, return_exceptions=True)

    async def _take_on(self) -> None:
        if not self._database.is_there:
            return
        await self._database.write(claims.give_up)
        while len(self._running) < self._settings.max_jobs:
            job = await self._database.write(
                lambda connection: claims.claim(connection, self._name)
            )
            if job is None:
                return
            task = asyncio.create_task(self._work_on(job))
            self._running[job.number] = Running(job, task)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            if not self._running:
                continue
            jobs = [running.job for running in self._running.values()]
            told = await asyncio.gather(*map(self.progress, jobs))
            progress = {job.number: state for job, state in zip(jobs, told, strict=True)}
            with contextlib.suppress(DatabaseUnavailable):
                kept = await self._database.write(
                    lambda connection, progress=progress: claims.renew(
                        connection, self._name, progress
                    )
                )
                for number in progress.keys() - kept.keys():
                    self.cancel(number)

    async def progress(self, job: Job) -> Json | None:
        """How far a job is; None if it is not worked on here."""
        return await self._service.in_flight.report(job.id, job.owner)

    def cancel(self, number: int) -> None:
        """Nobody wants this job any more, if it is here."""
        if running := self._running.get(number):
            running.cancelled = True
            running.task.cancel()

    async def _work_on(self, job: Job) -> None:
        # Of this task: what others log of it bears the job's id.
        record = Record(job.id)
        CURRENT.set(record)
        REQUEST_ID.set(job.id)
        try:
            with self._service.in_flight.shown(record, job.owner):
                end = await self._outcome(job)
            await self._tell(job, end)
        finally:
            del self._running[job.number]
            self._on_end()
            self.wake()

    async def _outcome(self, job: Job) -> object:
        """What to do with the job: a function of a connection, the job and this worker's name."""
        try:
            transcript = await self._transcribe(job)
        except asyncio.CancelledError:
            if not self._running[job.number].cancelled:  # the adapter stops
                await self._tell(job, _release(0.0, begun=False))
            raise
        except FINAL as failure:
            return _fail(str(failure))
        except (ProcessDied, Interrupted) as death:
            logger.warning("job %s: %s; it will be begun again", job.id, death)
            return _release(AFTER_DEATH_SECONDS)
        except Exception as failure:
            if isinstance(failure, PipelineError) and type(failure) is not PipelineError:
                return _fail(str(failure))
            internal(failure)
            return _release(AFTER_DEATH_SECONDS)
        least = job.request.get("language_confidence_threshold") or 0.0
        if transcript.language_probability < least:
            return _fail(
                f"the language is {transcript.language} with a confidence of "
                f"{transcript.language_probability:.2f}, which is less than "
                f"language_confidence_threshold ({least:g})"
            )
        return _complete(transcript)

    async def _tell(self, job: Job, end: object) -> None:
        """Have the store know, however long it is away: until the claim is lost."""
        while True:
            with contextlib.suppress(DatabaseUnavailable):
                kept = await self._database.write(
                    lambda connection: end(connection, job, self._name)
                )
                if not kept:
                    logger.warning("job %s was taken over or deleted meanwhile", job.id)
                return
            await asyncio.sleep(PAUSES[0])

    async def _transcribe(self, job: Job) -> Transcript:
        options = Options.model_validate_json(job.options)
        loop = asyncio.get_running_loop()
        end = loop.time() + self._settings.job_timeout_seconds - job.spent
        attempt = 0
        while True:
            left = end - loop.time()
            if left <= 0:
                raise DeadlineExceeded(
                    "it was not finished within JOB_TIMEOUT_SECONDS "
                    f"({self._settings.job_timeout_seconds:g})"
                )
            try:
                if job.upload is None:
                    job = await self._fetched(job)
                with self._recordings.opened(job.upload) as upload:
                    return await self._service.transcribe(
                        upload, options, document_of(options), seconds=left
                    )
            except (ProcessDied, Interrupted, WeightsNotFound, TooSlow):
                raise
            except UNAVAILABLE as failure:
                if isinstance(failure, NotFetched) and attempt >= len(PAUSES):
                    raise InvalidRequest(str(failure)) from None
                pause = PAUSES[min(attempt, len(PAUSES) - 1)]
                logger.warning("job %s waits %.0f s: %s", job.id, pause, failure)
                attempt += 1
                await asyncio.sleep(min(pause, max(left, 0)))

    async def _fetched(self, job: Job) -> Job:
        """The job, with the recording of another host in a file of ours."""
        url = str(job.request["audio_url"])
        upload, size = await fetch(url, self._outside, self._recordings, self._settings)

        def note(connection: Connection) -> bool:
            add_upload(connection, upload, job.owner, size)
            return claims.set_upload(connection, job, self._name, upload)

        await self._database.write(note)
        return replace(job, upload=upload)


def document_of(options: Options) -> str:
    """The ensemble's output that a job needs: always with the times of words."""
    return "TRANSCRIPT" if options.diarize else "WORDS"


def _complete(transcript: Transcript) -> object:
    return lambda connection, job, worker: claims.complete(connection, job, worker, transcript)


def _fail(error: str) -> object:
    return lambda connection, job, worker: claims.fail(connection, job, worker, error)


def _release(seconds: float, begun: bool = True) -> object:
    return lambda connection, job, worker: claims.release(connection, job, worker, seconds, begun)
