"""The tables of the jobs' store, as the newest migration leaves them.

Times are seconds of Unix time by the database's clock, which all adapters share.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

UUID = String(36)
OWNER = String(64)

metadata = MetaData()

# What was sent: its file in DATA_DIR bears its id.
uploads = Table(
    "uploads",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("owner", OWNER, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("created", Double, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    # The order in which they came.
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("id", UUID, nullable=False, unique=True),
    Column("owner", OWNER, nullable=False),
    Column(
        "status", String(16), nullable=False, index=True
    ),  # queued, processing, completed, error
    Column("request", Text, nullable=False),  # JSON, what the client asked for
    Column("options", Text, nullable=False),  # JSON, the same as the pipeline's options
    Column("upload", UUID),  # None until a recording of another host has been fetched
    Column("created", Double, nullable=False),
    Column("ended", Double),
    # Who works on it, until when nobody else may, and how often somebody has begun.
    Column("worker", String(64)),
    Column("lease", Double),
    Column("attempts", Integer, nullable=False),
    Column("due", Double, nullable=False),  # not to be begun before
    Column("beat", Double),  # when its worker was last heard of
    Column("spent", Double, nullable=False),  # seconds that it has been worked on
    Column("progress", Text),  # JSON, as its worker has told it
    Column("error", Text),
    # The address that hears of the end, JSON; when it is told (again); what it has answered.
    Column("webhook", Text),
    Column("webhook_due", Double, index=True),
    Column("webhook_attempts", Integer, nullable=False),
    Column("webhook_status", Integer),
    sqlite_autoincrement=True,  # a number is never given again
)

results = Table(
    "results",
    metadata,
    Column("job", ForeignKey(jobs.c.number, ondelete="CASCADE"), primary_key=True),
    Column("document", LargeBinary, nullable=False),  # the transcript's JSON, compressed
)


class now(FunctionElement):  # noqa: N801 - a function of SQL
    """The database's clock, seconds of Unix time."""

    type = Double()
    inherit_cache = True


@compiles(now, "sqlite")
def _sqlite_now(element: now, compiler: object, **more: object) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now, "postgresql")
def _postgresql_now(element: now, compiler: object, **more: object) -> str:
    return "extract(epoch from clock_timestamp())::double precision"
