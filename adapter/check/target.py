"""The service that is checked: the one that answers at PORT, else one of its own."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from adapter.ports import free_ports, local_url
from adapter.triton.processes import live_instances
from adapter.triton.secret import find
from pipeline.serving import PROVOKED_FAULTS
from pipeline.settings import Settings, read_settings

START_SECONDS = 1800  # the first start downloads weights
STOP_SECONDS = 60
ROOT = Path(__file__).parents[2]
PORTS = ("PORT", "TRITON_HTTP_PORT", "TRITON_GRPC_PORT", "TRITON_METRICS_PORT")


class NoService(Exception):  # noqa: N818 - what is missing
    """The service did not start; says why."""


@dataclass(frozen=True)
class Target:
    """Where it is, and what is known of it."""

    settings: Settings
    about: dict[str, object]  # of its /health
    is_own: bool
    faults: Path | None = None  # the folder of faults that are provoked, where it has one
    started_in: float | None = None  # seconds

    @property
    def url(self) -> str:
        """The adapter's."""
        return local_url(self.settings)

    @property
    def headers(self) -> dict[str, str]:
        """What the adapter lets in."""
        key = next(iter(self.settings.owners), None)
        return {"Authorization": f"Bearer {key}"} if key else {}

    @property
    def device(self) -> str:
        """``cpu`` or ``cuda``."""
        return str(self.about["device"])

    def processes(self) -> dict[str, dict[str, int]]:
        """The processes of each model's instances, as far as they are on this machine."""
        secret = self.settings.given_triton_secret or find(self.settings.triton_grpc_port)
        return live_instances(secret) or {}

    def health(self) -> dict[str, object] | None:
        """What /health tells; None where it does not answer or is not well."""
        return _health(self.settings)


@contextmanager
def running(settings: Settings) -> Iterator[Target]:
    """The service at PORT, or one that is started for as long as this context lasts.

    Raises:
        NoService: it cannot be started, or the one at PORT is not well.
    """
    status, about = _asked(settings)
    if status == httpx.codes.SERVICE_UNAVAILABLE and about.get("status") == "unhealthy":
        raise NoService(
            f"the service at {local_url(settings)} is not healthy: "
            f"{about.get('detail', 'it does not say why')}; mend it or end it first"
        )
    if status == httpx.codes.OK and "default_model" in about:
        yield Target(settings, about, is_own=False)
        return
    with (
        tempfile.TemporaryDirectory(prefix="triton-asr-check-") as folder,
        _own(Path(folder)) as own,
    ):
        yield own


@contextmanager
def _own(folder: Path) -> Iterator[Target]:
    faults = folder / "faults"
    faults.mkdir()
    variables = {
        **dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True)),
        "HOST": "127.0.0.1",
        "TRITON_HOST": "127.0.0.1",
        "DATA_DIR": str(folder / "data"),
        "DATABASE_URL": "",
        "KEEP_ANSWERS_SECONDS": "0",  # everything is to be computed
        PROVOKED_FAULTS: str(faults),
    }
    begin, log = time.monotonic(), folder / "service.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "adapter.serve", "--no-sample"],
            cwd=ROOT,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for this process, which then ends it
        )
    try:
        settings = read_settings(
            **{name.lower(): value for name, value in variables.items() if name in PORTS},
            host="127.0.0.1",
            triton_host="127.0.0.1",
        )
        about = _wait(process, settings, log)
        yield Target(settings, about, True, faults, time.monotonic() - begin)
    finally:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(process: subprocess.Popen, settings: Settings, log: Path) -> dict[str, object]:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        about = _health(settings)
        if about is not None:
            return about
        time.sleep(0.5)
    told = log.read_text(encoding="utf-8", errors="replace").splitlines()
    raise NoService("\n".join(told[-25:]) or "it said nothing")


def _health(settings: Settings) -> dict[str, object] | None:
    status, about = _asked(settings)
    return about if status == httpx.codes.OK and "default_model" in about else None


def _asked(settings: Settings) -> tuple[int, dict[str, object]]:
    """The status and the body of /health; 0 where nobody answers, or somebody else."""
    key = next(iter(settings.owners), None)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        answer = httpx.get(f"{local_url(settings)}/health", headers=headers, timeout=10)
        return answer.status_code, dict(answer.json())
    except (httpx.HTTPError, ValueError, TypeError):
        return 0, {}
