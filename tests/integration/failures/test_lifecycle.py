"""The launcher: nothing it started outlives it, and what ends by itself comes back."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.clients.asking import transcript_of
from tests.integration.conftest import start_service, stop_service, triton_of, wait_until_ready
from tests.services.processes import descendants, wait_until_gone

SPEAKERS = {"SPEAKER_00", "SPEAKER_01"}


def test_a_triton_that_dies_comes_back_and_a_killed_launcher_leaves_nothing(tmp_path, sample):
    """The recording that it had is answered; what Ctrl-C leaves, the session's service shows."""
    running = start_service(tmp_path)
    try:
        wait_until_ready(running)
        first = triton_of(running.process.pid)
        with ThreadPoolExecutor(1) as client:
            answer = client.submit(transcript_of, running, sample)
            time.sleep(2)  # it is under way
            assert not answer.done()
            os.kill(first, signal.SIGKILL)
            words = " ".join(segment["text"] for segment in answer.result()["segments"])
        assert "I'm Sheila" in words
        assert {segment["speaker"] for segment in answer.result()["segments"]} == SPEAKERS
        for _ in range(600):
            if "triton: ready again" in running.log.read_text(encoding="utf-8"):
                break
            time.sleep(0.2)
        assert httpx.get(f"{running.base_url}/health", timeout=60).status_code == httpx.codes.OK
        second = triton_of(running.process.pid)
        assert second != first
        everything = descendants(running.process.pid)
        assert len(everything) > 5  # Triton, its models' stubs and the adapter
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
