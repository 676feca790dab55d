"""One attempt at a job: its recording is fetched if it is elsewhere, and transcribed.

What a synchronous request is answered at once because it may be otherwise in a moment (Triton
is away, a network is being loaded) is waited for here.
"""

import asyncio
import logging
from dataclasses import replace

from sqlalchemy import Connection

from adapter.errors import UNAVAILABLE, TooSlow
from adapter.intake.tracks import FIRST_MIXED, Choice
from adapter.jobs import claims
from adapter.jobs.database import Database
from adapter.jobs.fetching import NotFetched, fetch
from adapter.jobs.outside import Outside
from adapter.jobs.recordings import Recordings
from adapter.jobs.records import Job, add_upload
from adapter.service import Service
from adapter.telemetry.record import UPLOAD, WAIT, current
from adapter.triton.failures import Interrupted, ProcessDied
from documents import Transcript
from pipeline.errors import DeadlineExceeded, InvalidRequest, WeightsNotFound
from pipeline.options import Options

PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)  # seconds, while what a job needs is away

logger = logging.getLogger(__name__)


class Attempts:
    """Makes them, for one worker."""

    def __init__(
        self,
        service: Service,
        database: Database,
        recordings: Recordings,
        outside: Outside,
        worker: str,
    ) -> None:
        """Args:
        service: does the work.
        database: has the jobs.
        recordings: theirs.
        outside: where others lie that are to be fetched.
        worker: the name under which jobs are claimed.
        """
        self._service = service
        self._settings = service.settings
        self._database = database
        self._recordings = recordings
        self._outside = outside
        self._worker = worker

    async def transcribe(self, job: Job) -> Transcript:
        """The transcript of a job.

        Raises:
            DeadlineExceeded: JOB_TIMEOUT_SECONDS have been worked on it.
            ProcessDied, Interrupted: what worked on it died, more than once.
            PipelineError: of the kind that says what is wrong with it.
        """
        options = Options.model_validate_json(job.options).model_copy(update={"background": True})
        loop = asyncio.get_running_loop()
        end = loop.time() + self._settings.job_timeout_seconds - job.spent
        waited = 0
        while (left := end - loop.time()) > 0:
            try:
                if job.upload is None:
                    job = await self._fetched(job)
                with self._recordings.opened(job.upload) as upload:
                    chosen = replace(upload, choice=choice_of(job))
                    return await self._service.transcribe(
                        chosen, options, document_of(options), seconds=left
                    )
            except (ProcessDied, Interrupted, WeightsNotFound, TooSlow):
                raise
            except UNAVAILABLE as failure:
                if isinstance(failure, NotFetched) and waited >= len(PAUSES):
                    raise InvalidRequest(str(failure)) from None
                pause = PAUSES[min(waited, len(PAUSES) - 1)]
                logger.warning("job %s waits %.0f s: %s", job.id, pause, failure)
                waited += 1
            current().key = None
            with current().stage(WAIT):
                await asyncio.sleep(min(pause, max(end - loop.time(), 0)))
        raise DeadlineExceeded

    async def _fetched(self, job: Job) -> Job:
        """The job, with the recording of another host in a file of ours."""
        url = str(job.request["audio_url"])
        with current().stage(UPLOAD):
            upload, size = await fetch(url, self._outside, self._recordings, self._settings)

        def note(connection: Connection) -> None:
            add_upload(connection, upload, job.owner, size)
            claims.set_upload(connection, job, self._worker, upload)

        await self._database.write(note)
        return replace(job, upload=upload)


def document_of(options: Options) -> str:
    """The ensemble's output that a job needs: always with the times of words."""
    return "TRANSCRIPT" if options.diarize else "WORDS"


def choice_of(job: Job) -> Choice:
    """The tracks and channels of a job's recording that are wanted."""
    return Choice(channels="split") if job.request.get("multichannel") else FIRST_MIXED
