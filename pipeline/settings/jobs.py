"""Recordings that are worked on while nobody waits at the line: where they lie, for how long."""

import ipaddress
import re
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr, field_validator
from pydantic_settings import NoDecode

POSTGRESQL = re.compile(r"(?:postgres|postgresql|postgresql\+psycopg)://(?=.)")
HOST_NAME = re.compile(r"(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)*[a-z0-9-]+", re.ASCII)


class JobsSettings(BaseModel):
    """Their store, their limits, and the hosts that are spoken to for them."""

    data_dir: Path = Path("~/.local/share/triton-asr")
    database_url: SecretStr | None = None
    retain_hours: float = Field(72, gt=0)
    max_jobs: int = Field(4, ge=1)
    job_timeout_seconds: float = Field(24 * 3600, gt=0)
    fetch_hosts: Annotated[tuple[str, ...], NoDecode] = ()

    @field_validator("data_dir")
    @classmethod
    def _expand_home_of_data(cls, folder: Path) -> Path:
        return folder.expanduser().absolute()

    @field_validator("database_url")
    @classmethod
    def _one_that_is_known(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None:
            return None
        plain = url.get_secret_value()
        if not POSTGRESQL.match(plain):
            raise ValueError(
                "give postgresql://user:password@host/database, or nothing, and jobs are kept in a "
                "file in DATA_DIR"
            )
        return SecretStr(POSTGRESQL.sub("postgresql+psycopg://", plain, count=1))

    @field_validator("fetch_hosts", mode="before")
    @classmethod
    def _parse_hosts(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        hosts = [host.strip().lower() for host in value.split(",")]
        for host in hosts:
            if host != "*" and not _is_network(host) and not HOST_NAME.fullmatch(host):
                raise ValueError(
                    f"{host!r} is no host; write names (media.example.org, *.example.org), or * "
                    "for every public one, and for private addresses the address or network "
                    "itself (192.168.1.0/24), separated by commas"
                )
        return tuple(dict.fromkeys(hosts))


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True
