"""The launcher: nothing it started outlives it, and what ends by itself comes back."""

import os
import signal
import time
from pathlib import Path

import httpx

from tests.integration.conftest import start_service, stop_service, wait_until_ready
from tests.services.processes import arguments, descendants

SHARED_MEMORY = Path("/dev/shm")


def triton_of(pid: int) -> int:
    """The tritonserver among them."""
    (server,) = (
        child
        for child in descendants(pid)
        if os.path.basename(arguments(child)[0]) == "tritonserver"
    )
    return server


def wait_until_gone(pids: set[int]) -> set[int]:
    """Those that are still alive after half a minute."""
    for _ in range(300):
        pids = {pid for pid in pids if arguments(pid) != []}
        if not pids:
            break
        time.sleep(0.1)
    return pids


def regions(triton: int) -> list[Path]:
    """The shared memory of a Triton's models."""
    (prefix,) = (
        argument.split("=")[-1]
        for argument in arguments(triton)
        if "shm-region-prefix-name" in argument
    )
    return list(SHARED_MEMORY.glob(f"{prefix}*"))


def test_a_triton_that_dies_comes_back_and_ctrl_c_leaves_nothing(tmp_path):
    running = start_service(tmp_path)
    try:
        wait_until_ready(running)
        first = triton_of(running.process.pid)
        memory = regions(first)
        assert memory
        os.kill(first, signal.SIGKILL)
        for _ in range(600):
            if "triton: ready again" in running.log.read_text(encoding="utf-8"):
                break
            time.sleep(0.2)
        assert httpx.get(f"{running.base_url}/health", timeout=60).status_code == httpx.codes.OK
        second = triton_of(running.process.pid)
        assert second != first
        memory += regions(second)
        everything = descendants(running.process.pid)
        assert len(everything) > 5  # Triton, its models' stubs and the adapter
    finally:
        stop_service(running)
    assert running.process.returncode == 0
    assert wait_until_gone(everything) == set()
    assert [region for region in memory if region.exists()] == []


def test_a_killed_launcher_leaves_nothing(tmp_path):
    running = start_service(tmp_path)
    try:
        wait_until_ready(running)
        everything = descendants(running.process.pid)
        running.process.kill()
        assert wait_until_gone(everything) == set()
    finally:
        stop_service(running)


def test_triton_listens_on_the_loopback_interface_only(service):
    for url in (f"http://{service.triton_http}/v2/health/live", service.metrics_url):
        assert httpx.get(url, timeout=60).status_code == httpx.codes.OK
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    for address in (service.triton_http, service.triton_grpc):
        port = f"{int(address.rsplit(':', 1)[1]):04X}"
        hosts = {fields[1].split(":")[0] for fields in listening if fields[1].endswith(f":{port}")}
        assert hosts <= {"0100007F"}
