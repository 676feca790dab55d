"""What changes the tables of a database that an older version has made, one step after another."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

LOCK = 0x7472_6173  # of PostgreSQL's advisory ones


def migrate(connection: Connection) -> None:
    """Bring the tables to this version's shape, if they are not, in the caller's transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    command.upgrade(config, "head")
