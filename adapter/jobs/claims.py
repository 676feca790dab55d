"""Who works on which job: one adapter at a time, whose claim ends when nothing is heard of it.

Leases are times of the database's clock. What an adapter does that has lost its claim changes
nothing: the number of the attempt is part of every statement about it.
"""

import json
import zlib
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, and_, case, insert, or_, select, update

from adapter.jobs.records import COMPLETED, ERROR, PROCESSING, QUEUED, Job, Json, job_of
from adapter.jobs.schema import jobs, now, results
from documents import Transcript

LEASE_SECONDS = 10.0  # without a word of its adapter, after which a job is another's
ATTEMPTS = 3
BEGUN_TOO_OFTEN = (
    f"it was begun {ATTEMPTS} times, and each time what worked on it died; the recording may be "
    "the cause"
)

_ABANDONED = and_(jobs.c.status == PROCESSING, jobs.c.lease < now())


def give_up(connection: Connection, running: Sequence[int] = ()) -> int:
    """End the jobs that were begun too often and are nobody's now; how many there were.

    Args:
        running: numbers of those that are worked on here.
    """
    which = and_(_ABANDONED, jobs.c.attempts >= ATTEMPTS, jobs.c.number.not_in(running))
    return connection.execute(
        update(jobs).where(which).values(_end(ERROR, BEGUN_TOO_OFTEN))
    ).rowcount


def claim(connection: Connection, worker: str, running: Sequence[int] = ()) -> Job | None:
    """The next job to be worked on, which is this worker's from now on.

    Args:
        running: numbers of those that it is working on.
    """
    abandoned = and_(_ABANDONED, jobs.c.number.not_in(running))
    turn = or_(and_(jobs.c.status == QUEUED, jobs.c.due <= now()), abandoned)
    # PostgreSQL passes over what another adapter claims just now; SQLite lets one write at a time.
    first = select(jobs.c.number).where(turn).order_by(jobs.c.number).limit(1)
    candidate = first.with_for_update(skip_locked=True).scalar_subquery()
    mine = {
        "status": PROCESSING,
        "worker": worker,
        "lease": now() + LEASE_SECONDS,
        "beat": now(),
        "attempts": jobs.c.attempts + 1,
        "progress": None,
    }
    taken = update(jobs).where(jobs.c.number == candidate).values(mine).returning(jobs)
    row = connection.execute(taken).first()
    return job_of(row) if row else None


def renew(
    connection: Connection, worker: str, progress: Mapping[int, Json | None]
) -> dict[int, float]:
    """Say that these jobs are still worked on.

    Args:
        progress: of each of them, by its number.

    Returns:
        The seconds that each of them has been worked on; one that is not there is lost.
    """
    mine = and_(jobs.c.worker == worker, jobs.c.status == PROCESSING, jobs.c.number.in_(progress))
    told = {number: json.dumps(state) for number, state in progress.items() if state is not None}
    values = {
        "lease": now() + LEASE_SECONDS,
        "spent": jobs.c.spent + now() - jobs.c.beat,
        "beat": now(),
    }
    if told:
        values["progress"] = case(told, value=jobs.c.number, else_=jobs.c.progress)
    kept = update(jobs).where(mine).values(values).returning(jobs.c.number, jobs.c.spent)
    return {row.number: row.spent for row in connection.execute(kept)}


def set_upload(connection: Connection, job: Job, worker: str, upload: str) -> bool:
    """The job's recording has been fetched; False if the job is this worker's no more."""
    return _mine(connection, job, worker, {"upload": upload})


def complete(connection: Connection, job: Job, worker: str, transcript: Transcript) -> bool:
    """The job's result is there; False if the job is this worker's no more."""
    if not _mine(connection, job, worker, _end(COMPLETED)):
        return False
    document = zlib.compress(transcript.encode(), 1)
    connection.execute(insert(results).values(job=job.number, document=document))
    return True


def fail(connection: Connection, job: Job, worker: str, error: str) -> bool:
    """The job has no result and will have none; False if it is this worker's no more."""
    return _mine(connection, job, worker, _end(ERROR, error))


def release(
    connection: Connection, job: Job, worker: str, seconds: float, begun: bool = True
) -> bool:
    """Leave the job to whoever is next.

    Args:
        seconds: until it may be begun again.
        begun: whether that counts among its attempts; after the last one it is an error.
    """
    if begun and job.attempts >= ATTEMPTS:
        return fail(connection, job, worker, BEGUN_TOO_OFTEN)
    values = {
        "status": QUEUED,
        "worker": None,
        "lease": None,
        "spent": jobs.c.spent + now() - jobs.c.beat,
        "due": now() + seconds,
        "attempts": jobs.c.attempts if begun else jobs.c.attempts - 1,
        "progress": None,
    }
    return _mine(connection, job, worker, values)


def _end(status: str, error: str | None = None) -> Json:
    return {
        "status": status,
        # What a database takes for text.
        "error": error and error.replace("\0", "").encode(errors="replace").decode(),
        "ended": now(),
        "worker": None,
        "lease": None,
        "progress": None,
        "webhook_due": case((jobs.c.webhook.is_not(None), now()), else_=None),
    }


def _mine(connection: Connection, job: Job, worker: str, values: Json) -> bool:
    mine = and_(
        jobs.c.number == job.number,
        jobs.c.worker == worker,
        jobs.c.attempts == job.attempts,
        jobs.c.status == PROCESSING,
    )
    return connection.execute(update(jobs).where(mine).values(values)).rowcount == 1


def waiting_webhook(connection: Connection, seconds: float) -> Job | None:
    """The next job whose end is to be told; nobody else is given it for so many seconds."""
    due = select(jobs.c.number).where(jobs.c.webhook_due <= now()).order_by(jobs.c.webhook_due)
    candidate = due.limit(1).with_for_update(skip_locked=True).scalar_subquery()
    values = {
        "webhook_due": now() + seconds,
        "webhook_attempts": jobs.c.webhook_attempts + 1,
    }
    taken = update(jobs).where(jobs.c.number == candidate).values(values).returning(jobs)
    row = connection.execute(taken).first()
    return job_of(row) if row else None


def told_webhook(
    connection: Connection, number: int, status: int | None, again_in: float | None
) -> None:
    """What the address has answered, and when it is told again, if at all."""
    due = None if again_in is None else now() + again_in
    values = {"webhook_status": status, "webhook_due": due}
    connection.execute(update(jobs).where(jobs.c.number == number).values(values))
