"""A database that is away for a moment: who reads waits for it, who writes is told."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapter.jobs import database
from adapter.jobs.database import Database, DatabaseUnavailable
from adapter.jobs.records import queued
from pipeline.settings import Settings


@pytest.fixture
def away(tmp_path, monkeypatch) -> Path:
    """Something in the place of the folder in which it lies."""
    monkeypatch.setattr(database, "PAUSE_SECONDS", 0.02)
    (tmp_path / "data").touch()
    return tmp_path / "data"


@pytest.fixture
def jobs(away) -> Iterator[Database]:
    opened = Database(Settings(_env_file=None, data_dir=away, database_url=None))
    yield opened
    opened.close()


def test_who_reads_waits_until_it_is_back_and_what_is_written_is_not_tried_twice(jobs, away):
    async def use() -> None:
        reading = asyncio.create_task(jobs.read(queued))
        with pytest.raises(DatabaseUnavailable):
            await jobs.write(queued)
        await asyncio.sleep(0.1)
        assert not reading.done()
        away.unlink()
        assert await reading == 0
        assert await jobs.write(queued) == 0

    asyncio.run(use())


def test_it_is_not_waited_for_without_end(jobs, monkeypatch):
    monkeypatch.setattr(database, "PATIENCE_SECONDS", 0.1)
    with pytest.raises(DatabaseUnavailable, match="database of the jobs does not answer"):
        asyncio.run(jobs.read(queued))
