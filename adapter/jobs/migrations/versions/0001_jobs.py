"""Jobs, their recordings and their results."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
    )
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "jobs",
        sa.Column("number", number, primary_key=True),
        sa.Column("id", sa.String(36), nullable=False, unique=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False, index=True),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("options", sa.Text, nullable=False),
        sa.Column("upload", sa.String(36)),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("ended", sa.Double),
        sa.Column("worker", sa.String(64)),
        sa.Column("lease", sa.Double),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due", sa.Double, nullable=False),
        sa.Column("beat", sa.Double),
        sa.Column("spent", sa.Double, nullable=False),
        sa.Column("progress", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("webhook", sa.Text),
        sa.Column("webhook_due", sa.Double, index=True),
        sa.Column("webhook_attempts", sa.Integer, nullable=False),
        sa.Column("webhook_status", sa.Integer),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "results",
        sa.Column(
            "job", number, sa.ForeignKey("jobs.number", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
