"""Recordings that are left with the service, over HTTP."""

import time
from collections.abc import Callable, Generator
from contextlib import closing

from typing_extensions import Unpack

from client.errors import TimedOutError, UnavailableError, UnreachableError
from client.protocol import asking
from client.protocol.connection import JOB_SECONDS, SILENT_SECONDS
from client.protocol.options import Options
from client.protocol.recordings import OnSent, Recording, Source
from client.protocol.retries import Deadline
from client.results import Job, Progress
from client.transport import Transport
from documents import Transcript


class Jobs:
    """Recordings that are left with the service, which outlive connections and restarts."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def submit(
        self,
        recording: Source,
        *,
        name: str = "",
        on_sent: OnSent | None = None,
        **options: Unpack[Options],
    ) -> Job:
        """Leave a recording with the service.

        Raises:
            ServiceError: the service refused, failed or does not answer.
            OSError: the file cannot be read.
            TypeError: an option that jobs do not have.
        """
        sent = Recording(recording, name)
        return self._transport.run(asking.submit(sent, options, on_sent))

    def get(self, job: str) -> Job:
        """A job as it is now."""
        return self._transport.run(asking.read(job))

    def list(self, limit: int = 100, status: str | None = None) -> list[Job]:
        """Your jobs, the newest first; of one status, if that is given."""
        return self._transport.run(asking.list_jobs(limit, status))

    def cancel(self, job: str) -> bool:
        """Take a job away with all that it has left; whether it was there."""
        return self._transport.run(asking.cancel(job))

    def follow(self, job: str, timeout: float = JOB_SECONDS) -> Generator[Progress, None, None]:
        """How far a job is, as often as that changes, until it has ended.

        A connection that breaks is made again.

        Args:
            job: its id.
            timeout: Seconds that this may take.

        Raises:
            ServiceError: there is no such job, or the service is away for too long.
        """
        deadline = Deadline(timeout)
        retries = self._transport.connection.retries.patient()
        call = asking.followed(job)
        while True:
            try:
                steps = self._transport.events(call, deadline, retries, SILENT_SECONDS)
                with closing(steps) as events:
                    for event in events:
                        yield asking.told(event)
                        if event.name == "end":
                            return
            except (UnreachableError, TimedOutError, UnavailableError):
                if not retries.times:
                    raise
            deadline.left()
            time.sleep(retries.pause(0))

    def wait(
        self,
        job: str,
        on_progress: Callable[[Progress], object] | None = None,
        timeout: float = JOB_SECONDS,
    ) -> None:
        """Wait until a job has ended well.

        Raises:
            JobFailedError: it has ended without a transcript.
            ServiceError: as :meth:`follow`.
        """
        last = Progress()
        for last in self.follow(job, timeout):
            if on_progress:
                on_progress(last)
        asking.outcome(job, last)

    def result(self, job: str) -> Transcript:
        """The transcript of a job that has ended well."""
        return self._transport.run(asking.result(job))

    def text(self, job: str, kind: str) -> str:
        """The same as a file: ``txt``, ``srt``, ``vtt`` or ``tsv``."""
        return self._transport.run(asking.text(job, kind))

    def transcribe(
        self,
        recording: Source,
        *,
        name: str = "",
        on_sent: OnSent | None = None,
        on_progress: Callable[[Progress], object] | None = None,
        **options: Unpack[Options],
    ) -> Transcript:
        """Leave a recording, wait for its end, fetch the transcript."""
        job = self.submit(recording, name=name, on_sent=on_sent, **options)
        self.wait(job.id, on_progress)
        return self.result(job.id)
