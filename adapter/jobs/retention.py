"""What is left of jobs goes when its time is over, and recordings sooner where room is wanted."""

import asyncio
import contextlib
import shutil
import time

from sqlalchemy import Connection, and_, delete, or_, select

from adapter.intake.uploads import MEGABYTE
from adapter.jobs.database import Database, survived
from adapter.jobs.recordings import Recordings
from adapter.jobs.records import ENDED, delete_uploads
from adapter.jobs.schema import jobs, now, uploads
from adapter.threads import in_thread
from pipeline.settings import Settings

TICK_SECONDS = 60.0
# A file without a row in the store may be one that is just arriving.
STRAY_SECONDS = 3600.0
UNUSED_SECONDS = 3600.0  # after which nobody seems to want a job for a recording
ROOM = 2.0  # times MIN_FREE_DISK_MB, below which recordings of ended jobs go


class Retention:
    """Belongs to one event loop."""

    def __init__(self, database: Database, recordings: Recordings, settings: Settings) -> None:
        self._database = database
        self._recordings = recordings
        self._settings = settings

    async def run(self) -> None:
        """Look every minute, until cancelled."""
        while True:
            with survived("what is over could not be taken away"):
                await self.look()
            await asyncio.sleep(TICK_SECONDS)

    async def look(self) -> None:
        """Take away what may go now."""
        if not self._database.is_there:
            return
        seconds = self._settings.retain_hours * 3600
        gone = await self._database.write(lambda connection: expire(connection, seconds))
        await in_thread(self._recordings.remove, gone)
        await self.make_room()
        known = set(await self._database.read(_known))
        await in_thread(self._sweep, known)
        await self._database.shrink()

    async def make_room(self) -> None:
        """Let the oldest recordings of ended jobs go, one by one, while the disk is nearly full."""
        while await in_thread(self._is_tight):
            gone = await self._database.write(forget_oldest)
            if not gone:
                return
            await in_thread(self._recordings.remove, gone)

    def _is_tight(self) -> bool:
        folder = self._recordings.folder
        wanted = ROOM * self._settings.min_free_disk_mb * MEGABYTE
        return folder.exists() and shutil.disk_usage(folder).free < wanted

    def _sweep(self, known: set[str]) -> None:
        if not self._recordings.folder.exists():
            return
        for path in self._recordings.folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                old = time.time() - path.stat().st_mtime > STRAY_SECONDS
                if old and path.name not in known:
                    path.unlink()


def expire(connection: Connection, seconds: float) -> list[str]:
    """Forget jobs that ended so long ago, and recordings that nobody needs since then.

    Returns:
        The uploads whose files may go.
    """
    connection.execute(delete(jobs).where(jobs.c.status.in_(ENDED), jobs.c.ended < now() - seconds))
    old = select(uploads.c.id).where(uploads.c.created < now() - seconds)
    return delete_uploads(connection, list(connection.execute(old).scalars()))


def _known(connection: Connection) -> list[str]:
    return list(connection.execute(select(uploads.c.id)).scalars())


def forget_oldest(connection: Connection) -> list[str]:
    """Forget the oldest recording that only ended jobs have, or for an hour none.

    Returns:
        The upload whose file may go, if there is one.
    """
    open_jobs = select(jobs.c.upload).where(jobs.c.upload.is_not(None), jobs.c.status.not_in(ENDED))
    used = select(jobs.c.upload).where(jobs.c.upload.is_not(None), jobs.c.status.in_(ENDED))
    unused = uploads.c.created < now() - UNUSED_SECONDS
    which = and_(uploads.c.id.not_in(open_jobs), or_(uploads.c.id.in_(used), unused))
    oldest = select(uploads.c.id).where(which).order_by(uploads.c.created).limit(1)
    gone = delete(uploads).where(uploads.c.id == oldest.scalar_subquery())
    return list(connection.execute(gone.returning(uploads.c.id)).scalars())
