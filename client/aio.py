"""The service over HTTP for programs of asyncio: what :mod:`client.http` has, awaited."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from types import TracebackType

import httpx
from typing_extensions import Self, Unpack

from client.errors import TimedOutError, UnavailableError, UnreachableError
from client.protocol import asking
from client.protocol.connection import (
    ANSWER_SECONDS,
    DEFAULT_URL,
    JOB_SECONDS,
    SILENT_SECONDS,
    Connection,
)
from client.protocol.options import Options, StreamOptions, TranscribeOptions
from client.protocol.recordings import OnSent, Recording, Source
from client.protocol.retries import Deadline, Retries
from client.results import Health, Identity, Job, Model, Progress, TextEvent
from client.transport import AsyncTransport
from documents import Transcript


class AsyncClient:
    """A service at a URL, which may hold a user and a password.

    Belongs to one event loop; otherwise as :class:`client.Client`.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        timeout: float = ANSWER_SECONDS,
        api_key: str | None = None,
        retries: Retries | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """As :class:`client.Client`."""
        connection = Connection(url, timeout, api_key, retries or Retries())
        self._transport = AsyncTransport(connection, transport)
        self.url = connection.shown
        self.jobs = AsyncJobs(self._transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """As :meth:`client.Client.close`."""
        await self._transport.close()

    async def transcribe(
        self,
        recording: Source,
        *,
        name: str = "",
        request_id: str | None = None,
        on_sent: OnSent | None = None,
        **options: Unpack[TranscribeOptions],
    ) -> Transcript:
        """As :meth:`client.Client.transcribe`."""
        sent = Recording(recording, name)
        return await self._transport.run(asking.transcribe(sent, options, request_id, on_sent))

    async def render(
        self,
        recording: Source,
        kind: str,
        *,
        name: str = "",
        request_id: str | None = None,
        on_sent: OnSent | None = None,
        **options: Unpack[TranscribeOptions],
    ) -> str:
        """As :meth:`client.Client.render`."""
        sent = Recording(recording, name)
        return await self._transport.run(asking.render(sent, kind, options, request_id, on_sent))

    async def stream(
        self,
        recording: Source,
        *,
        name: str = "",
        on_sent: OnSent | None = None,
        **options: Unpack[StreamOptions],
    ) -> AsyncGenerator[TextEvent, None]:
        """As :meth:`client.Client.stream`."""
        call = asking.streamed(Recording(recording, name), options, on_sent)
        connection = self._transport.connection
        deadline = Deadline(connection.seconds)
        async with aclosing(self._transport.events(call, deadline, connection.retries)) as events:
            async for event in events:
                if (told := asking.heard(event)) is not None:
                    yield told

    async def progress(self, request_id: str) -> Progress | None:
        """As :meth:`client.Client.progress`."""
        return await self._transport.run(asking.progress(request_id))

    async def models(self) -> list[Model]:
        """As :meth:`client.Client.models`."""
        return await self._transport.run(asking.models())

    async def health(self) -> Health:
        """As :meth:`client.Client.health`."""
        return await self._transport.run(asking.health())

    async def identity(self) -> Identity:
        """As :meth:`client.Client.identity`."""
        return await self._transport.run(asking.identity())


class AsyncJobs:
    """Recordings that are left with the service, which outlive connections and restarts."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def submit(
        self,
        recording: Source,
        *,
        name: str = "",
        on_sent: OnSent | None = None,
        **options: Unpack[Options],
    ) -> Job:
        """As :meth:`client.jobs.Jobs.submit`."""
        sent = Recording(recording, name)
        return await self._transport.run(asking.submit(sent, options, on_sent))

    async def get(self, job: str) -> Job:
        """As :meth:`client.jobs.Jobs.get`."""
        return await self._transport.run(asking.read(job))

    async def list(self, limit: int = 100, status: str | None = None) -> list[Job]:
        """As :meth:`client.jobs.Jobs.list`."""
        return await self._transport.run(asking.list_jobs(limit, status))

    async def cancel(self, job: str) -> bool:
        """As :meth:`client.jobs.Jobs.cancel`."""
        return await self._transport.run(asking.cancel(job))

    async def follow(
        self, job: str, timeout: float = JOB_SECONDS
    ) -> AsyncGenerator[Progress, None]:
        """As :meth:`client.jobs.Jobs.follow`."""
        deadline = Deadline(timeout)
        retries = self._transport.connection.retries.patient()
        call = asking.followed(job)
        while True:
            try:
                steps = self._transport.events(call, deadline, retries, SILENT_SECONDS)
                async with aclosing(steps) as events:
                    async for event in events:
                        yield asking.told(event)
                        if event.name == "end":
                            return
            except (UnreachableError, TimedOutError, UnavailableError):
                if not retries.times:
                    raise
            deadline.left()
            await asyncio.sleep(retries.pause(0))

    async def wait(
        self,
        job: str,
        on_progress: Callable[[Progress], object] | None = None,
        timeout: float = JOB_SECONDS,
    ) -> None:
        """As :meth:`client.jobs.Jobs.wait`."""
        last = Progress()
        async with aclosing(self.follow(job, timeout)) as steps:
            async for last in steps:
                if on_progress:
                    on_progress(last)
        asking.outcome(job, last)

    async def result(self, job: str) -> Transcript:
        """As :meth:`client.jobs.Jobs.result`."""
        return await self._transport.run(asking.result(job))

    async def text(self, job: str, kind: str) -> str:
        """As :meth:`client.jobs.Jobs.text`."""
        return await self._transport.run(asking.text(job, kind))

    async def transcribe(
        self,
        recording: Source,
        *,
        name: str = "",
        on_sent: OnSent | None = None,
        on_progress: Callable[[Progress], object] | None = None,
        **options: Unpack[Options],
    ) -> Transcript:
        """As :meth:`client.jobs.Jobs.transcribe`."""
        job = await self.submit(recording, name=name, on_sent=on_sent, **options)
        await self.wait(job.id, on_progress)
        return await self.result(job.id)
