"""The command before the real service."""

import subprocess
from collections.abc import Callable

import pytest

from tests.clients.command import ASR, SECONDS, environment_of


@pytest.fixture
def environment(service) -> dict[str, str]:
    """That of a command, which finds the service by it."""
    return environment_of(service.base_url)


@pytest.fixture
def run(environment, tmp_path) -> Callable[..., subprocess.CompletedProcess]:
    """Runs ``asr`` to its end, in a pipe and in a folder of the test's."""

    def run(*arguments: object, **more: object) -> subprocess.CompletedProcess:
        return subprocess.run(
            [*ASR, *map(str, arguments)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            timeout=SECONDS,
            **{"text": True, "encoding": "utf-8", **more},
        )

    return run
