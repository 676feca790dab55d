"""The file of kept answers: SQLite, which several processes read and write at once.

It is a cache: nothing in it is worth waiting for the disk, and a file that is broken is begun anew.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import (
    URL,
    Column,
    Float,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    event,
    func,
    select,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DatabaseError
from sqlalchemy.schema import CreateIndex, CreateTable

from pipeline.kept_answers.question import FILE, Kept

MEGABYTE = 1_000_000
PAGE_BYTES = 4096
WRITE_SECONDS = 5  # that a process waits for others' writes
READERS = 64  # at once; they wait for nobody
PART = 8  # of what is there, one part makes room when the file is full

ANSWERS = Table(
    "answers",
    MetaData(),
    Column("key", LargeBinary, primary_key=True),
    Column("about", String, nullable=False),  # JSON
    Column("content", LargeBinary, nullable=False),
    Column("kept_at", Float, nullable=False, index=True),  # Unix time
)


class AnswerStore:
    """Answers by key, for so long and so many bytes of them."""

    def __init__(self, folder: Path, seconds: float, megabytes: float, reserve: float) -> None:
        """Open it, making the folder and the file that only their owner may read.

        Args:
            folder: on a disk of this machine.
            seconds: that an answer is kept.
            megabytes: of the file.
            reserve: megabytes that stay free on the disk.

        Raises:
            OSError, SQLAlchemyError: it cannot be opened.
        """
        self._file = folder / FILE
        self._seconds = seconds
        self._most_pages = max(int(megabytes * MEGABYTE) // PAGE_BYTES, 1)
        self._reserve = reserve * MEGABYTE
        folder.mkdir(0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        # SQLite gives its other files the rights of the first one.
        os.close(os.open(self._file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        self._engine = create_engine(
            URL.create("sqlite", database=str(self._file)),
            hide_parameters=True,
            connect_args={"timeout": WRITE_SECONDS},
            max_overflow=READERS,
        )
        event.listen(self._engine, "connect", self._set_up)
        with self._engine.begin() as connection:  # several processes begin at once
            connection.execute(CreateTable(ANSWERS, if_not_exists=True))
            for index in ANSWERS.indexes:
                connection.execute(CreateIndex(index, if_not_exists=True))

    def _set_up(self, connection: sqlite3.Connection, record: object) -> None:
        for pragma in (
            "auto_vacuum=INCREMENTAL",  # before there are tables
            "journal_mode=WAL",  # who reads waits for nobody who writes
            "synchronous=OFF",
            "secure_delete=ON",  # what is forgotten is not left on the disk
            f"max_page_count={self._most_pages}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    def get(self, key: bytes) -> tuple[str, bytes] | None:
        """What there is about an answer and its content, unless it is too old.

        Raises:
            SQLAlchemyError: the file cannot be read.
        """
        now = time.time()
        # A clock that was set back must not keep for longer.
        fresh = ANSWERS.c.kept_at.between(now - self._seconds, now + self._seconds)
        wanted = select(ANSWERS.c.about, ANSWERS.c.content).where(ANSWERS.c.key == key, fresh)
        with self._engine.connect() as connection:
            row = connection.execute(wanted).first()
        return row and tuple(row)

    def put(self, answers: Sequence[Kept]) -> None:
        """Keep answers, in the place of the oldest ones where there is no room.

        Raises:
            OSError, SQLAlchemyError: they cannot be written.
        """
        if shutil.disk_usage(self._file.parent).free < self._reserve:
            return
        now = time.time()
        rows = [{**answer._asdict(), "kept_at": now} for answer in answers]
        statement = insert(ANSWERS).on_conflict_do_update(
            index_elements=[ANSWERS.c.key],
            set_={"kept_at": now},
        )
        try:
            with self._engine.begin() as connection:
                connection.execute(statement, rows)
        except DatabaseError as error:
            if "full" not in str(error.orig):
                raise
            self._make_room()
            with self._engine.begin() as connection:
                connection.execute(statement, rows)

    def _make_room(self) -> None:
        with self._engine.begin() as connection:
            count = connection.scalar(select(func.count()).select_from(ANSWERS)) or 0
            oldest = select(ANSWERS.c.key).order_by(ANSWERS.c.kept_at).limit(count // PART + 1)
            connection.execute(delete(ANSWERS).where(ANSWERS.c.key.in_(oldest)))

    def forget_old(self) -> None:
        """Delete what is too old, and give the disk its room back.

        Raises:
            SQLAlchemyError: the file cannot be written.
        """
        now = time.time()
        fresh = ANSWERS.c.kept_at.between(now - self._seconds, now + self._seconds)
        with self._engine.begin() as connection:
            connection.execute(delete(ANSWERS).where(~fresh))
        # As a script, which is gone through to its end: the first step gives one page back.
        script = "PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);"
        with self._engine.connect() as connection:
            connection.connection.driver_connection.executescript(script)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()
