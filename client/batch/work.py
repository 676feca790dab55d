"""Has recordings transcribed as jobs, a few at a time, and writes what comes of them."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

from client.aio import AsyncClient
from client.batch.board import Board, Row, minutes
from client.batch.docx import as_docx
from client.batch.files import Found, content_hash, write
from client.batch.memory import Entry, Memory, key_of
from client.errors import (
    JobFailedError,
    NotFoundError,
    ServiceError,
    UnauthorizedError,
    UnreachableError,
)
from client.protocol.options import Options
from client.protocol.retries import OnRetry
from client.results import Progress
from client.terminal import plain
from client.text import as_text
from documents import Transcript

OF_TRANSCRIPT = {"txt", "json", "docx"}  # made here; the service writes the others
# Other recordings would fare no better.
HOPELESS = (UnreachableError, UnauthorizedError)


@dataclass(frozen=True)
class Wanted:
    """What is asked for.

    Attributes:
        kinds: the formats.
        at_once: how many recordings are under way.
        keep_jobs: leave them with the service when their transcripts are written.
        goes_on: whatever happens; the next recording may fare better.
    """

    kinds: tuple[str, ...]
    options: Options
    at_once: int
    keep_jobs: bool = False
    goes_on: bool = False


@dataclass
class Tally:
    """What has come of the recordings."""

    done: int = 0
    skipped: int = 0
    failed: int = 0
    unreadable: int = 0


class Work:
    """On the recordings of one run."""

    def __init__(self, client: AsyncClient, memory: Memory, board: Board, wanted: Wanted) -> None:
        self._client = client
        self._memory = memory
        self._board = board
        self._wanted = wanted
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # of copies of a recording
        self.tally = Tally()
        self.under_way: set[str] = set()  # jobs

    async def on_all(self, recordings: AsyncIterator[Found]) -> None:
        """Work on them until there are no more.

        Raises:
            ServiceError: the service is away, or refuses this client.
        """
        room = asyncio.Semaphore(self._wanted.at_once)
        tasks: set[asyncio.Task[None]] = set()

        async def work(found: Found) -> None:
            try:
                await self.on(found)
            finally:
                room.release()

        try:
            await room.acquire()
            async for found in recordings:
                tasks.add(asyncio.create_task(work(found)))
                await room.acquire()
                ended = {task for task in tasks if task.done()}
                tasks -= ended
                for task in ended:
                    task.result()
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def on(self, found: Found) -> None:
        """Work on one; what is wrong with it alone is said and counted."""
        name = plain(str(found.base))
        try:
            with self._board.row(str(found.base)) as row:
                row.stage = "reading"
                key = key_of(
                    await asyncio.to_thread(content_hash, found.path), self._wanted.options
                )
                async with self._turns[key]:
                    told = await self._transcribe(found, key, row)
            self._board.say(f"{name}: {told}")
        except ServiceError as failure:
            if isinstance(failure, HOPELESS) and not self._wanted.goes_on:
                raise
            self.tally.failed += 1
            self._board.say(f"asr: {name}: {plain(str(failure))}")
        except OSError as error:
            self.tally.unreadable += 1
            self._board.say(f"asr: {name}: {error.filename or 'it'}: {error.strerror or error}")

    async def _transcribe(self, found: Found, key: str, row: Row) -> str:
        """What is to be said of it in the end."""
        entry = self._memory.recall(key)
        if entry and self._memory.is_done(entry, self._wanted.kinds):
            self.tally.skipped += 1
            return f"is there already, {self._listed(entry)}"
        entry, job, goes_on = await self._job_of(found, key, entry, row)
        self.under_way.add(job)
        try:
            await self._client.jobs.wait(job, row.reached)
            row.reached(Progress(stage="writing"))
            transcript = await self._write(job, found, entry)
        except JobFailedError:
            self._memory.forget(key)
            await self._let_go(job)
            raise
        except NotFoundError:
            self._memory.forget(key)
            raise JobFailedError(job, "the service has forgotten its job; try again") from None
        entry.job = None
        self._memory.keep(key, entry)
        await self._let_go(job)
        self.tally.done += 1
        again = " (went on)" if goes_on else ""
        return f"{minutes(transcript.duration)} of sound, {self._listed(entry)}{again}"

    async def _let_go(self, job: str) -> None:
        """Nobody needs it at the service any more."""
        self.under_way.discard(job)
        if not self._wanted.keep_jobs:
            with suppress(ServiceError):
                await self._client.jobs.cancel(job)

    def _listed(self, entry: Entry) -> str:
        return ", ".join(plain(entry.files[kind]) for kind in self._wanted.kinds)

    async def _job_of(
        self, found: Found, key: str, entry: Entry | None, row: Row
    ) -> tuple[Entry, str, bool]:
        """The entry, its job, and whether that is one of an earlier run."""
        if entry and entry.job and entry.url == self._client.url:
            with suppress(NotFoundError):
                if (await self._client.jobs.get(entry.job)).status != "error":
                    return entry, entry.job, True
        job = await self._client.jobs.submit(found.path, on_sent=row.sent, **self._wanted.options)
        entry = Entry(found.source, self._client.url, job.id, entry.files if entry else {})
        self._memory.keep(key, entry)
        return entry, job.id, False

    async def _write(self, job: str, found: Found, entry: Entry) -> Transcript:
        kinds = self._wanted.kinds
        transcript = await self._client.jobs.result(job)
        texts = {
            kind: await self._client.jobs.text(job, kind)
            for kind in kinds
            if kind not in OF_TRANSCRIPT
        }
        files = self._memory.name(found.base, entry.source, kinds)
        for kind, name in files.items():
            content = texts[kind] if kind in texts else made(transcript, kind, found.name)
            write(self._memory.folder / name, content)
        entry.files |= files
        return transcript


def made(transcript: Transcript, kind: str, title: str) -> str | bytes:
    """A transcript as txt, json or docx."""
    if kind == "json":
        return transcript.model_dump_json(indent=2, exclude_none=True) + "\n"
    if kind == "docx":
        return as_docx(transcript, title)
    return as_text(transcript)


def tell_of_retries(board: Board) -> OnRetry:
    """Says on a terminal that there will be another attempt, once for each reason."""
    last = ""

    def tell(failure: ServiceError, pause: float) -> None:
        nonlocal last
        if board.is_shown and failure.detail != last:
            last = failure.detail
            board.say(f"asr: {plain(failure.detail)}; trying again")

    return tell
