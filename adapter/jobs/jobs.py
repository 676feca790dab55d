"""All that keeps and does jobs, as one: what the routes ask, and what goes on in the background."""

import asyncio
import logging

from adapter.jobs import records
from adapter.jobs.database import Database
from adapter.jobs.outside import Outside
from adapter.jobs.recordings import Recordings
from adapter.jobs.records import Job, Json, Wanted
from adapter.jobs.retention import Retention
from adapter.jobs.webhooks import Webhooks
from adapter.jobs.worker import Worker
from adapter.service import Service
from adapter.threads import in_thread
from documents import Transcript

logger = logging.getLogger(__name__)


class Jobs:
    """A context manager: within it jobs are worked on; to be made and used in one event loop."""

    def __init__(self, service: Service) -> None:
        self.settings = service.settings
        self.recordings = Recordings(service.settings)
        self._database = Database(service.settings)
        self.outside = Outside(service.settings.fetch_hosts, service.settings.upload_stall_seconds)
        self._retention = Retention(self._database, self.recordings, service.settings)
        self._webhooks = Webhooks(self._database, self.outside, service.metrics)
        self._worker = Worker(
            service, self._database, self.recordings, self.outside, self._webhooks.wake
        )
        gauge = service.metrics.gauge
        gauge("asr_jobs_queued", "Jobs that wait for their turn", lambda: self._worker.queued)
        gauge("asr_jobs_in_flight", "Jobs that are worked on here", lambda: self._worker.running)
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Jobs":
        parts = (self._worker, self._webhooks, self._retention)
        self._tasks = [asyncio.create_task(part.run()) for part in parts]
        return self

    async def __aexit__(self, *exception: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._database.close()

    async def make_room(self) -> None:
        """Let go of recordings that nobody needs, if the disk is nearly full."""
        await self._retention.make_room()

    async def add_upload(self, upload: str, owner: str, size: int) -> None:
        """A recording has been received."""
        await self._database.write(
            lambda connection: records.add_upload(connection, upload, owner, size)
        )

    async def has_upload(self, upload: str, owner: str) -> bool:
        """Whether this owner has sent it."""
        return await self._database.read(
            lambda connection: records.has_upload(connection, upload, owner)
        )

    async def add(
        self, owner: str, request: Json, options: str, upload: str | None, webhook: Json | None
    ) -> Job:
        """A new job, which waits for its turn."""
        job = await self._database.write(
            lambda connection: records.add_job(connection, owner, request, options, upload, webhook)
        )
        self._worker.wake()
        return job

    async def find(self, job: str, owner: str) -> tuple[Job | None, Transcript | None]:
        """This owner's job of that id, and its transcript if it has one."""

        def find(connection):
            found = records.find_job(connection, job, owner)
            return found, found and records.result_of(connection, found.number)

        return await self._database.read(find)

    async def state(self, job: str, owner: str) -> Job | None:
        """This owner's job of that id, without what has come of it."""
        return await self._database.read(
            lambda connection: records.find_job(connection, job, owner)
        )

    async def progress(self, job: Job) -> Json | None:
        """How far a job is that has not ended: as its worker has it, or as another has told it."""
        if job.status == records.QUEUED:
            before = await self._database.read(
                lambda connection: records.jobs_before(connection, job.number)
            )
            return {"stage": records.QUEUED, "jobs_before": before}
        if job.status == records.PROCESSING:
            return await self._worker.progress(job) or job.progress
        return None

    async def list(self, owner: str, wanted: Wanted) -> tuple[list[Job], bool, bool]:
        """A page of this owner's jobs, and whether there are older and newer ones."""
        return await self._database.read(
            lambda connection: records.list_jobs(connection, owner, wanted)
        )

    async def delete(self, job: str, owner: str) -> Job | None:
        """Take this owner's job away, whatever its status, with all that it has left."""
        gone, uploads = await self._database.write(
            lambda connection: records.delete_job(connection, job, owner)
        )
        await in_thread(self.recordings.remove, uploads)
        if gone is not None:
            self._worker.cancel(gone.number)  # another adapter's sees it at its next word
        return gone
