"""The databases that jobs may lie in."""

import uuid
from collections.abc import Iterator

import psycopg
import pytest

from tests.services.postgresql import postgresql

KINDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server; its databases' names are added to this."""
    with postgresql() as url:
        yield url


@pytest.fixture(params=KINDS)
def store(request, tmp_path) -> dict[str, str]:
    """Settings of a database with nothing in it, of either kind."""
    settings = {"data_dir": str(tmp_path / "data")}
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql_url")
        name = f"jobs_{uuid.uuid4().hex}"
        with psycopg.connect(f"{server}postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        settings["database_url"] = f"{server}{name}"
    return settings
