"""An adapter of a test's own, with limits of its own, before the Triton of the session."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.services.ports import free_ports

START_SECONDS = 60
STOP_SECONDS = 20
REPOSITORY_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class RunningAdapter:
    """Where it can be reached, and what it may leave behind."""

    process: subprocess.Popen
    port: int
    temporary: Path  # the folder of its temporary files
    log: Path

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def adapter_beside(
    environment: Mapping[str, str], folder: Path, at: int | None = None, **variables: str
) -> Iterator[RunningAdapter]:
    """Run an adapter; ``variables`` go before the environment.

    Args:
        at: its port; a free one if left out.
    """
    port = at or free_ports(1)[0]
    temporary = folder / "temporary"
    temporary.mkdir()
    log = folder / "adapter.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", "--factory", "adapter.app:create_app"),
                *("--host=127.0.0.1", f"--port={port}", "--log-level=debug"),
            ],
            cwd=REPOSITORY_ROOT,
            env={
                **environment,
                "TMPDIR": str(temporary),
                "DATA_DIR": str(folder / "data"),
                **variables,
            },
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        adapter = RunningAdapter(process, port, temporary, log)
        _wait_until_it_answers(adapter)
        yield adapter
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(adapter: RunningAdapter) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            httpx.get(adapter.url)
        except httpx.TransportError:
            if adapter.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the adapter did not start:\n{adapter.log.read_text()}")
            time.sleep(0.1)
        else:
            return
