"""The databases that jobs may lie in."""

import uuid
from collections.abc import Iterator

import psycopg
import pytest

from tests.programs.postgresql import postgresql


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server; its databases' names are added to this."""
    with postgresql() as url:
        yield url


@pytest.fixture
def in_sqlite(tmp_path) -> dict[str, str]:
    """Settings of a store with nothing in it."""
    return {"data_dir": str(tmp_path / "data")}


@pytest.fixture
def in_postgresql(in_sqlite, postgresql_url) -> dict[str, str]:
    """Settings of a store with nothing in it, whose jobs are in PostgreSQL."""
    name = f"jobs_{uuid.uuid4().hex}"
    with psycopg.connect(f"{postgresql_url}postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return {**in_sqlite, "database_url": f"{postgresql_url}{name}"}


@pytest.fixture(params=["in_sqlite", "in_postgresql"])
def store(request) -> dict[str, str]:
    """Settings of a store with nothing in it, of either kind."""
    return request.getfixturevalue(request.param)
