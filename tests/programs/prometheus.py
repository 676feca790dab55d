"""A real Prometheus that asks a service: what docker-compose.yml's container would run.

Its command line, and what it is given of deploy/; only addresses, folders and the seconds
between two looks are others.
"""

import contextlib
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import yaml

from tests.programs.debian import environment_of, unpacked
from tests.services.ports import free_ports

ROOT = Path(__file__).parents[2]
CONFIGURATION = ROOT / "deploy" / "prometheus"
START_SECONDS = 60
STOP_SECONDS = 20

Sample = tuple[dict[str, str], float]


class Prometheus:
    """One that runs."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=f"{url}/api/v1", timeout=60)

    def query(self, expression: str) -> list[Sample]:
        """The labels and values of an expression, now.

        Raises:
            ValueError: it cannot be evaluated.
        """
        result = self._get("query", query=expression)["result"]
        return [(each["metric"], float(each["value"][1])) for each in result]

    def value(self, expression: str) -> float:
        """The value of an expression that has one."""
        ((_, value),) = self.query(expression)
        return value

    def curves(
        self, expression: str, begin: float, end: float, step: float
    ) -> list[tuple[dict[str, str], list[tuple[float, float]]]]:
        """The labels of each series of an expression, and its (Unix time, value) pairs.

        Args:
            begin: Unix time.
            end: Unix time.
            step: Seconds between two.

        Raises:
            ValueError: it cannot be evaluated.
        """
        span = {"start": begin, "end": end, "step": step}
        return [
            (each["metric"], [(float(at), float(value)) for at, value in each["values"]])
            for each in self._get("query_range", query=expression, **span)["result"]
        ]

    def targets(self) -> dict[str, str]:
        """How each job is: ``up``, ``down`` or ``unknown``."""
        found = self._get("targets")["activeTargets"]
        return {target["labels"]["job"]: target["health"] for target in found}

    def rules(self) -> dict[str, str]:
        """How each rule that it has loaded is: ``ok``, ``err`` or ``unknown``."""
        groups = self._get("rules")["groups"]
        return {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}

    def _get(self, path: str, **parameters: object) -> dict:
        answer = self._client.get(path, params=parameters).json()
        if answer["status"] != "success":
            raise ValueError(answer["error"])
        return answer["data"]


def promtool(*arguments: str, folder: Path = CONFIGURATION) -> subprocess.CompletedProcess[str]:
    """Run it in a folder."""
    programs = unpacked("prometheus")
    return subprocess.run(
        [programs / "usr/bin/promtool", *arguments],
        cwd=folder,
        env=environment_of(programs),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


@contextlib.contextmanager
def running_prometheus(
    folder: Path, adapter: str, triton: str, seconds: int = 1
) -> Iterator[Prometheus]:
    """Run one until the end of this.

    Args:
        folder: For its files.
        adapter: host:port of the adapter.
        triton: host:port of Triton's metrics page.
        seconds: Between two looks at either.
    """
    programs = unpacked("prometheus")
    (port,) = free_ports(1)
    command, places = of_compose(folder)
    path = places[CONFIGURATION] / "prometheus.yml"
    text = path.read_text(encoding="utf-8")
    text = text.replace("adapter:9000", adapter).replace("triton:8002", triton)
    text = re.sub(r"(_interval): 15s", rf"\1: {seconds}s", text)
    path.write_text(text, encoding="utf-8")
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [
                programs / "usr/bin/prometheus",
                *command,
                f"--web.listen-address=127.0.0.1:{port}",
                "--web.console.libraries=",
                "--web.console.templates=",
            ],
            env=environment_of(programs),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        prometheus = Prometheus(f"http://127.0.0.1:{port}")
        _wait_until_ready(prometheus, process, folder / "prometheus.log")
        yield prometheus
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def of_compose(folder: Path) -> tuple[list[str], dict[Path, Path]]:
    """The arguments of docker-compose.yml's Prometheus, with what it mounts in a folder.

    Returns:
        The arguments, and where each folder of this repository lies that is mounted.
    """
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    service = compose["services"]["prometheus"]
    command, places = " ".join(service["command"]), {}
    for number, volume in enumerate(service["volumes"]):
        source, target, *_ = volume.split(":")
        place = folder / f"volume-{number}"
        if source.startswith("./"):
            shutil.copytree(ROOT / source, place)
            places[ROOT / source] = place
        command, replaced = re.subn(rf"={target}\b", f"={place}", command)
        assert replaced, f"nothing of what is mounted at {target} is used"
    return command.split(), places


def _wait_until_ready(prometheus: Prometheus, process: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{prometheus.url}/-/ready", timeout=10).status_code == httpx.codes.OK:
                return
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"Prometheus did not start:\n{log.read_text(encoding='utf-8')}")
        time.sleep(0.1)
