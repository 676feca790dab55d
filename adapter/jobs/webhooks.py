"""Tells the address that a job names that the job has ended: at least once, if it answers."""

import asyncio
import contextlib
import json
import logging

import httpx

from adapter.jobs import claims
from adapter.jobs.database import Database, DatabaseUnavailable, survived
from adapter.jobs.outside import Outside, Refused
from adapter.jobs.records import Job
from adapter.telemetry.metrics import REFUSED, TAKEN, UNANSWERED, Metrics
from adapter.waiting.bounded import NotInTime, within
from adapter.waiting.waking import Wake

POLL_SECONDS = 2.0
ANSWER_SECONDS = 10.0
CLAIM_SECONDS = 60.0  # after which another adapter tries, if this one has died
ATTEMPTS = 10
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 3600.0  # twice as long each time
AT_ONCE = 8

logger = logging.getLogger(__name__)


class Webhooks:
    """Belongs to one event loop."""

    def __init__(self, database: Database, outside: Outside, metrics: Metrics) -> None:
        self._database = database
        self._metrics = metrics
        self._outside = outside
        self._wake = Wake()
        self._telling: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """A job has ended."""
        self._wake.up()

    async def run(self) -> None:
        """Tell until cancelled."""
        try:
            while True:
                with survived("webhooks could not be told"):
                    await self._start()
                await self._wake.sleep(POLL_SECONDS)
        finally:
            for task in self._telling:
                task.cancel()
            await asyncio.gather(*self._telling, return_exceptions=True)

    async def _start(self) -> None:
        while self._database.is_there and len(self._telling) < AT_ONCE:
            job = await self._database.write(
                lambda connection: claims.waiting_webhook(connection, CLAIM_SECONDS)
            )
            if job is None:
                return
            task = asyncio.create_task(self._tell(job))
            self._telling.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._telling.discard(task)
        self.wake()

    async def _tell(self, job: Job) -> None:
        status = await self._post(job)
        answered = status is not None and (200 <= status < 300)
        refused = status is not None and 400 <= status < 500
        self._metrics.count_webhook(TAKEN if answered else REFUSED if status else UNANSWERED)
        again = None
        if not (answered or refused) and job.webhook_attempts < ATTEMPTS:
            again = min(FIRST_PAUSE * 2 ** (job.webhook_attempts - 1), LONGEST_PAUSE)
        if not answered:
            logger.warning(
                "the webhook of job %s has not taken it (%s); %s",
                *(job.id, status or "no answer"),
                "no further attempt" if again is None else f"the next attempt in {again:.0f} s",
            )
        with contextlib.suppress(DatabaseUnavailable):  # it is told again, then
            await self._database.write(
                lambda connection: claims.told_webhook(connection, job.number, status, again)
            )

    async def _post(self, job: Job) -> int | None:
        """The status that the address has answered; None if it has not."""
        headers = {"Content-Type": "application/json", **job.webhook.get("headers", {})}
        body = json.dumps({"transcript_id": job.id, "status": job.status}).encode()
        sending = self._send(job.webhook["url"], headers, body)
        try:
            return await within(ANSWER_SECONDS, sending)
        except NotInTime:
            return None
        except (httpx.HTTPError, Refused) as failure:
            logger.info("the webhook of job %s: %s", job.id, failure)
            return None

    async def _send(self, url: str, headers: dict[str, str], body: bytes) -> int:
        async with self._outside.answer("POST", url, headers, body) as response:
            return response.status_code
