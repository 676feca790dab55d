"""The database of the jobs: SQLite in DATA_DIR, or PostgreSQL where DATABASE_URL names one.

Opened when the first job comes or, where jobs may be left from before, at the start.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from pipeline.errors import Overloaded
from pipeline.settings import Settings

Result = TypeVar("Result")

FILE = "jobs.sqlite"
THREADS = 4  # calls under way at once
CALL_SECONDS = 20.0  # until whoever asks is told that the database does not answer
STATEMENT_SECONDS = 10  # until the database gives a statement up itself
CONNECT_SECONDS = 5
# Clients that ask for a job again and again take one 503 for its end: who reads waits meanwhile.
PATIENCE_SECONDS, PAUSE_SECONDS = 20.0, 1.0

logger = logging.getLogger(__name__)


class DatabaseUnavailable(Overloaded):
    """The database cannot be reached or does not answer; nothing was lost."""

    def __init__(self) -> None:
        super().__init__("the database of the jobs does not answer")


class Database:
    """Connections to one database, whose calls are made in threads of their own."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.data_dir
        secret = settings.database_url
        self._url = secret.get_secret_value() if secret else None
        self._threads = ThreadPoolExecutor(THREADS, "database")
        self._engine: Engine | None = None
        self._opening = threading.Lock()

    @property
    def is_there(self) -> bool:
        """Whether there may be jobs in it."""
        return self._engine is not None or self._url is not None or self._file.exists()

    @property
    def _file(self) -> Path:
        return self._folder / FILE

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """What this returns that only reads.

        Raises:
            DatabaseUnavailable: it does not answer, and has not come back for a while.
        """
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return await self._call(work, False)
            except DatabaseUnavailable:
                if time.monotonic() + PAUSE_SECONDS > end:
                    raise
            await asyncio.sleep(PAUSE_SECONDS)

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """What this returns, whose changes are made all of them or none.

        Raises:
            DatabaseUnavailable: it does not answer; whether the changes are made is not known.
        """
        return await self._call(work, True)

    async def shrink(self) -> None:
        """Give the disk back what has been deleted, where the database does not do so itself."""
        if self._url is None:
            # Outside a transaction, in which neither does anything.
            await self._call(lambda connection: _give_back(connection), None)

    async def _call(self, work: Callable[[Connection], Result], writes: bool | None) -> Result:
        call = asyncio.get_running_loop().run_in_executor(self._threads, self._run, work, writes)
        done, _ = await asyncio.wait({call}, timeout=CALL_SECONDS)
        if not done:
            raise DatabaseUnavailable
        return call.result()

    def _run(self, work: Callable[[Connection], Result], writes: bool | None) -> Result:
        try:
            engine = self._open().execution_options(writes=writes)
            with engine.begin() as connection:
                return work(connection)
        except (SQLAlchemyError, OSError, sqlite3.Error) as error:
            logger.error("the database of the jobs: %s", error)
            raise DatabaseUnavailable from None

    def _open(self) -> Engine:
        with self._opening:
            if self._engine is None:
                # Only who has jobs pays for what changes tables.
                from adapter.jobs.migrations import migrate

                self._folder.mkdir(0o700, parents=True, exist_ok=True)
                engine = self._postgresql() if self._url else self._sqlite()
                with self._alone(), engine.connect() as connection, connection.begin():
                    migrate(connection)
                self._engine = engine
        return self._engine

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        if self._url:  # PostgreSQL has a lock of its own, and folders may lie where none work
            yield
            return
        lock = os.open(self._folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _postgresql(self) -> Engine:
        return create_engine(
            self._url,
            pool_size=THREADS,
            max_overflow=0,
            pool_pre_ping=True,
            hide_parameters=True,  # an error's text would hold what was said
            connect_args={
                "connect_timeout": CONNECT_SECONDS,
                "options": f"-c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout=5s",
            },
        )

    def _sqlite(self) -> Engine:
        os.close(os.open(self._file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        engine = create_engine(
            URL.create("sqlite", database=str(self._file)),
            hide_parameters=True,
            connect_args={"timeout": STATEMENT_SECONDS},
        )
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", _begin)
        return engine

    def close(self) -> None:
        """Let go of all connections."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._engine is not None:
            self._engine.dispose()


@contextlib.contextmanager
def survived(what: str) -> Iterator[None]:
    """Go on after a failure, which the log tells of: what works in the background must not end."""
    try:
        yield
    except DatabaseUnavailable:
        pass
    except Exception:
        logger.exception("%s", what)


def _set_up(connection: sqlite3.Connection, record: object) -> None:
    connection.isolation_level = None  # transactions begin as we say
    # What makes the file smaller again has to be said before there are tables.
    first = ("auto_vacuum=INCREMENTAL", "journal_mode=WAL")
    for pragma in (*first, "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _give_back(connection: Connection) -> None:
    # As a script, which is gone through to its end: the first step gives one page back.
    script = "PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);"
    connection.connection.driver_connection.executescript(script)


def _begin(connection: Connection) -> None:
    # One that reads first and then writes could not go on if somebody else wrote meanwhile.
    writes = connection.get_execution_options().get("writes", True)
    if writes is not None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
