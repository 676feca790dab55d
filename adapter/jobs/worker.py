"""Works on the jobs of the store, a few at a time, beside the requests whose clients wait.

A job is what a synchronous request is: one call of :meth:`adapter.service.Service.transcribe`.
One that this adapter cannot end is left to the next.
"""

import asyncio
import contextlib
import json
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection

from adapter.errors import internal
from adapter.jobs import claims, records
from adapter.jobs.attempt import Attempts
from adapter.jobs.database import Database, DatabaseUnavailable, survived
from adapter.jobs.outside import Outside
from adapter.jobs.recordings import Recordings
from adapter.jobs.records import Job, Json
from adapter.service import Service
from adapter.telemetry import metrics
from adapter.telemetry.observing import observed_job
from adapter.telemetry.record import CURRENT, Record, current
from adapter.triton.failures import Interrupted, ProcessDied
from adapter.waiting.waking import Wake
from documents import Transcript
from pipeline.errors import DeadlineExceeded, PipelineError
from pipeline.telemetry.logs import REQUEST_ID

POLL_SECONDS = 2.0  # between looks at what other adapters have left or taken on
BEAT_SECONDS = 2.5  # between words of this one, of which some may be lost within a lease
TELL_SECONDS = 1.0  # between attempts to tell a store that is away
AFTER_DEATH_SECONDS = 2.0

logger = logging.getLogger(__name__)


class End(NamedTuple):
    """What becomes of a job in the end."""

    outcome: str
    # In a transaction; whether the job was still this worker's.
    write: Callable[[Connection, Job, str], bool]


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
        self._name = str(uuid.uuid4())
        self._attempts = Attempts(service, database, recordings, outside, self._name)
        self._metrics = service.metrics
        self._in_flight = service.in_flight
        self._database = database
        self._most = service.settings.max_jobs
        self._limit = service.settings.job_timeout_seconds
        self._on_end = on_end
        self._running: dict[int, Running] = {}
        self.queued = 0  # in the store, when it was last looked at
        self._wake = Wake()

    @property
    def running(self) -> int:
        """How many jobs are worked on here."""
        return len(self._running)

    def wake(self) -> None:
        """There is a new job."""
        self._wake.up()

    async def run(self) -> None:
        """Work until cancelled; what is being worked on is then left to others."""
        beat = asyncio.create_task(self._beat())
        try:
            while True:
                with survived("jobs could not be taken on"):
                    await self._take_on()
                await self._wake.sleep(POLL_SECONDS)
        finally:
            tasks = [running.task for running in self._running.values()]
            for task in (beat, *tasks):
                task.cancel()
            await asyncio.gather(beat, *tasks, return_exceptions=True)

    async def _take_on(self) -> None:
        if not self._database.is_there:
            return
        # One that seems abandoned because the store was away is still worked on here.
        await self._database.write(lambda store: claims.give_up(store, list(self._running)))
        await self._fill()
        self.queued = await self._database.read(records.queued)

    async def _fill(self) -> None:
        while len(self._running) < self._most:
            job = await self._database.write(
                lambda store: claims.claim(store, self._name, list(self._running))
            )
            if job is None:
                return
            task = asyncio.create_task(self._work_on(job))
            self._running[job.number] = Running(job, task)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            if self._running:
                with survived("a word of the jobs here could not be given"):
                    await self._renew()

    async def _renew(self) -> None:
        jobs = [running.job for running in self._running.values()]
        told = await asyncio.gather(*map(self.progress, jobs))
        progress = {job.number: state for job, state in zip(jobs, told, strict=True)}
        kept = await self._database.write(
            lambda connection: claims.renew(connection, self._name, progress)
        )
        for number in progress.keys() - kept.keys():
            self.cancel(number)

    async def progress(self, job: Job) -> Json | None:
        """How far a job is; None if it is not worked on here."""
        return await self._in_flight.report(job.id, job.owner)

    def cancel(self, number: int) -> None:
        """Nobody wants this job any more, if it is here."""
        if running := self._running.get(number):
            running.cancelled = True
            running.task.cancel()

    async def _work_on(self, job: Job) -> None:
        # Of this task: what others log of it bears the job's id.
        record = Record(job.id, json.loads(job.options).get("traceparent"))
        CURRENT.set(record)
        REQUEST_ID.set(job.id)
        try:
            with self._in_flight.shown(record, job.owner):
                end = await self._outcome(job)
            await self._tell(job, end)
        finally:
            del self._running[job.number]
            self._on_end()
            self.wake()

    async def _outcome(self, job: Job) -> End:
        try:
            with observed_job(current(), self._metrics):
                transcript = await self._attempts.transcribe(job)
        except asyncio.CancelledError:
            if not self._running[job.number].cancelled:  # the adapter stops
                await self._tell(job, _release(0.0, begun=False), times=1)
            raise
        except DeadlineExceeded:
            return _fail(f"it was not finished within JOB_TIMEOUT_SECONDS ({self._limit:g})")
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

    async def _tell(self, job: Job, end: End, times: int | None = None) -> None:
        """Have the store know, however long it is away, or so many times."""
        while times is None or times > 0:
            with contextlib.suppress(DatabaseUnavailable):
                kept = await self._database.write(
                    lambda connection: end.write(connection, job, self._name)
                )
                self._metrics.count_job(end.outcome if kept else metrics.LOST)
                if not kept:
                    logger.warning("job %s was taken over or deleted meanwhile", job.id)
                return
            if times is not None:
                times -= 1
            await asyncio.sleep(TELL_SECONDS)


def _complete(transcript: Transcript) -> End:
    return End(
        metrics.COMPLETED,
        lambda connection, job, worker: claims.complete(connection, job, worker, transcript),
    )


def _fail(error: str) -> End:
    return End(
        metrics.FAILED,
        lambda connection, job, worker: claims.fail(connection, job, worker, error),
    )


def _release(seconds: float, begun: bool = True) -> End:
    return End(
        metrics.LEFT,
        lambda connection, job, worker: claims.release(connection, job, worker, seconds, begun),
    )
