"""Jobs and uploads as the store has them: added, found, listed, taken away.

Each function makes its statements on a connection whose transaction is its caller's.
"""

import json
import re
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, delete, func, insert, select

from adapter.jobs.schema import jobs, now, results, uploads
from documents import Transcript
from pipeline.errors import Overloaded

Json = dict[str, object]

QUEUED, PROCESSING, COMPLETED, ERROR = STATUSES = ("queued", "processing", "completed", "error")
ENDED = (COMPLETED, ERROR)
MOST_QUEUED = 10_000  # of one owner
ID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Job:
    """One job; times are seconds of Unix time."""

    number: int
    id: str
    owner: str
    status: str
    request: Json
    options: str  # JSON
    upload: str | None
    created: float
    ended: float | None
    attempts: int
    spent: float
    progress: Json | None
    error: str | None
    webhook: Json | None
    webhook_attempts: int
    webhook_status: int | None

    @property
    def has_ended(self) -> bool:
        """Whether there is nothing more to come."""
        return self.status in ENDED


def job_of(row: Row) -> Job:
    """A row of the table as a job."""
    values = {name: getattr(row, name) for name in Job.__dataclass_fields__}
    for name in ("request", "progress", "webhook"):
        values[name] = values[name] and json.loads(values[name])
    return Job(**values)


def add_upload(connection: Connection, upload: str, owner: str, size: int) -> None:
    """A recording of so many bytes is there."""
    values = {"id": upload, "owner": owner, "bytes": size, "created": now()}
    connection.execute(insert(uploads).values(values))


def has_upload(connection: Connection, upload: str, owner: str) -> bool:
    """Whether this owner has sent it."""
    found = select(uploads.c.id).where(uploads.c.id == upload, uploads.c.owner == owner)
    return connection.execute(found).first() is not None


def add_job(
    connection: Connection,
    owner: str,
    request: Json,
    options: str,
    upload: str | None,
    webhook: Json | None,
) -> Job:
    """A job that waits for its turn.

    Raises:
        Overloaded: so many of this owner's wait already.
    """
    waiting = select(func.count()).where(jobs.c.status == QUEUED, jobs.c.owner == owner)
    if connection.execute(waiting).scalar_one() >= MOST_QUEUED:
        raise Overloaded(f"{MOST_QUEUED} jobs are waiting already")
    values = {
        "id": str(uuid.uuid4()),
        "owner": owner,
        "status": QUEUED,
        "request": json.dumps(request),
        "options": options,
        "upload": upload,
        "created": now(),
        "attempts": 0,
        "due": 0.0,
        "spent": 0.0,
        "webhook": webhook and json.dumps(webhook),
        "webhook_attempts": 0,
    }
    return job_of(connection.execute(insert(jobs).values(values).returning(jobs)).one())


def find_job(connection: Connection, job: str, owner: str) -> Job | None:
    """This owner's job of that id."""
    if not ID.fullmatch(job):  # it may hold what no database takes
        return None
    row = connection.execute(select(jobs).where(jobs.c.id == job, jobs.c.owner == owner)).first()
    return job_of(row) if row else None


def result_of(connection: Connection, number: int) -> Transcript | None:
    """The transcript of a job, if it has one."""
    document = connection.execute(
        select(results.c.document).where(results.c.job == number)
    ).scalar_one_or_none()
    return document and Transcript.model_validate_json(zlib.decompress(document))


def queued(connection: Connection) -> int:
    """How many jobs wait for their turn, whoever's they are."""
    waiting = select(func.count()).where(jobs.c.status == QUEUED)
    return connection.execute(waiting).scalar_one()


def jobs_before(connection: Connection, number: int) -> int:
    """How many jobs have their turn before this one that waits."""
    waiting = select(func.count()).where(jobs.c.status == QUEUED, jobs.c.number < number)
    return connection.execute(waiting).scalar_one()


@dataclass(frozen=True)
class Wanted:
    """Which of an owner's jobs are listed, newest first."""

    limit: int = 10
    status: str | None = None
    created_on: tuple[float, float] | None = None  # from, until; seconds of Unix time
    before_id: str | None = None  # older than this one
    after_id: str | None = None  # newer than it


def list_jobs(connection: Connection, owner: str, wanted: Wanted) -> tuple[list[Job], bool, bool]:
    """A page of them, and whether there are older and newer ones than it has."""
    which = [jobs.c.owner == owner]
    if wanted.status:
        which.append(jobs.c.status == wanted.status)
    if wanted.created_on:
        begin, end = wanted.created_on
        which += [jobs.c.created >= begin, jobs.c.created < end]
    page = select(jobs).where(*which).limit(wanted.limit)
    if wanted.before_id:
        page = page.where(jobs.c.number < _number(wanted.before_id, owner))
    if wanted.after_id:  # those next to it, so the oldest of the newer ones
        page = page.where(jobs.c.number > _number(wanted.after_id, owner))
    order = jobs.c.number if wanted.after_id else jobs.c.number.desc()
    rows = connection.execute(page.order_by(order)).all()
    found = sorted(map(job_of, rows), key=lambda job: -job.number)
    if not found:
        return [], False, False
    older = select(jobs.c.number).where(*which, jobs.c.number < found[-1].number).limit(1)
    newer = select(jobs.c.number).where(*which, jobs.c.number > found[0].number).limit(1)
    return (
        found,
        connection.execute(older).first() is not None,
        connection.execute(newer).first() is not None,
    )


def _number(job: str, owner: str) -> object:
    return select(jobs.c.number).where(jobs.c.id == job, jobs.c.owner == owner).scalar_subquery()


def delete_job(connection: Connection, job: str, owner: str) -> tuple[Job | None, list[str]]:
    """Take a job away with all that it has left.

    Returns:
        The job as it was, None if there is none, and the uploads whose files may go.
    """
    if not ID.fullmatch(job):
        return None, []
    of_owner = (jobs.c.id == job, jobs.c.owner == owner)
    row = connection.execute(delete(jobs).where(*of_owner).returning(jobs)).first()
    if row is None:
        return None, []
    return job_of(row), delete_uploads(connection, [row.upload] if row.upload else [])


def delete_uploads(connection: Connection, candidates: Sequence[str]) -> list[str]:
    """Forget those of these uploads that no job needs; their files may go."""
    needed = select(jobs.c.upload).where(jobs.c.upload.is_not(None))
    gone = delete(uploads).where(uploads.c.id.in_(candidates), uploads.c.id.not_in(needed))
    return list(connection.execute(gone.returning(uploads.c.id)).scalars())
