"""The real service, started once for all tests of a session."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tritonclient.grpc as triton

from adapter.embedded.supervisor import POLL_SECONDS
from adapter.triton.secret import find
from pipeline.audio import SAMPLE_RATE
from pipeline.hardware import available_cores
from pipeline.serving import PROVOKED_FAULTS
from pipeline.settings import Settings
from tests.clients.asking import transcript_of
from tests.services.ports import free_ports
from tests.services.processes import arguments, descendants, wait_until_gone
from tests.services.tiny_triton import tiny_triton
from tests.speech.media import write_wav
from tests.speech.wav2vec2 import save_small_wav2vec2

START_SECONDS = 600  # the first start on a machine downloads 200 MB
STOP_SECONDS = 60
SHARED_MEMORY = Path("/dev/shm")

REPOSITORY_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class RunningService:
    """Where the service can be reached, and its launcher."""

    process: subprocess.Popen
    base_url: str
    triton_http: str  # host:port, as tritonclient wants it
    triton_grpc: str
    metrics_url: str
    log: Path  # of the launcher and the adapter
    triton_log: Path
    environment: dict[str, str]

    @property
    def secret(self) -> str:
        """What Triton asks for before it lets anybody change what it has loaded."""
        return find(int(self.triton_grpc.rpartition(":")[2]))


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """``python -m adapter.serve`` on ports of its own, with the weights of CACHE_DIR.

    It must end when it is asked to, and leave nothing.
    """
    folder = tmp_path_factory.mktemp("service")
    network = save_small_wav2vec2(tmp_path_factory.mktemp("wav2vec2"))
    running = start_service(folder, ALIGNMENT_MODELS=f"en={network}")
    try:
        wait_until_ready(running)
        yield running
        everything = descendants(running.process.pid)
        memory = regions(triton_of(running.process.pid))
        time.sleep(2 * POLL_SECONDS)
        modes = {stat.S_IMODE(region.stat().st_mode) for region in memory}
    finally:
        stop_service(running)
    assert running.process.returncode == 0
    assert memory
    assert modes == {0o600}  # no other user of the machine may hear what is said
    assert wait_until_gone(everything) == set()
    assert [region for region in memory if region.exists()] == []


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A Triton whose models do what a test tells them, for an engine of the test's own."""
    with tiny_triton(tmp_path_factory.mktemp("tiny"), BATCH_TIMEOUT_SECONDS="6") as settings:
        yield settings


@pytest.fixture(scope="session")
def clip(sample_audio: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds of the sample, in which both have spoken: a third of its work."""
    path = tmp_path_factory.mktemp("clip") / "clip.wav"
    write_wav(path, sample_audio[6 * SAMPLE_RATE : 18 * SAMPLE_RATE], SAMPLE_RATE)
    return path


@pytest.fixture(scope="session")
def conversation(service: RunningService, sample: Path) -> dict:
    """The sample's transcript with voices, asked for without any hint."""
    return transcript_of(service, sample, return_speaker_embeddings="true")


@pytest.fixture(scope="session")
def in_one_piece(service: RunningService, sample: Path) -> dict:
    """The sample's transcript as its chunks gave it."""
    return transcript_of(service, sample, diarize="false", word_timestamps="false")


@pytest.fixture(scope="session")
def timed_by_ctc(service: RunningService, sample: Path) -> dict:
    """The sample's transcript with the times of wav2vec2."""
    return transcript_of(service, sample, diarize="false", alignment="ctc")


def start_service(folder: Path, **variables: str) -> RunningService:
    """Start the launcher; ``variables`` go before the environment."""
    port, http, grpc, metrics = free_ports(4)
    cache = os.environ.get("CACHE_DIR") or str(Path("~/.cache/triton-asr").expanduser())
    environment = {
        **os.environ,
        "CACHE_DIR": cache,
        "DATA_DIR": str(folder / "data"),
        PROVOKED_FAULTS: str(folder / "faults"),
        # Tests hold with and without a model hub, and give the same result.
        "ALIGNMENT": "attention",
        "DIARIZATION": "ungated",
        "HF_HUB_OFFLINE": "1",
        "HF_TOKEN": "",
        "LC_ALL": "C",  # what works in this locale works in each
        "CORES": str(available_cores()),  # as users have it, whatever a worker's share is
        "KEEP_ANSWERS_SECONDS": "0",  # the same recordings are to be worked on again and again
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "TRITON_HOST": "127.0.0.1",
        "TRITON_HTTP_PORT": str(http),
        "TRITON_GRPC_PORT": str(grpc),
        "TRITON_METRICS_PORT": str(metrics),
        **variables,
    }
    log = folder / "service.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "adapter.serve", "--no-sample"],
            cwd=REPOSITORY_ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return RunningService(
        process=process,
        base_url=f"http://127.0.0.1:{port}",
        triton_http=f"127.0.0.1:{http}",
        triton_grpc=f"127.0.0.1:{grpc}",
        metrics_url=f"http://127.0.0.1:{metrics}/metrics",
        log=log,
        triton_log=Path(environment["CACHE_DIR"], "run", str(port), "tritonserver.log"),
        environment=environment,
    )


def wait_until_ready(running: RunningService) -> None:
    """Wait until the launcher says so; one that ends instead fails with what it wrote."""
    deadline = time.monotonic() + START_SECONDS
    while "ready at" not in (log := running.log.read_text(encoding="utf-8")):
        if running.process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"the service did not start:\n{log}")
        time.sleep(0.2)


def stop_service(running: RunningService) -> None:
    """Ask the launcher to stop, as Ctrl-C does."""
    if running.process.poll() is None:
        running.process.send_signal(signal.SIGINT)
    try:
        running.process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        running.process.kill()
        running.process.wait()
    shutil.rmtree(running.triton_log.parent, ignore_errors=True)


def triton_of(launcher: int) -> int:
    """The tritonserver among what a launcher started."""
    (server,) = (
        child
        for child in descendants(launcher)
        if (command := arguments(child)) and os.path.basename(command[0]) == "tritonserver"
    )
    return server


def regions(triton: int) -> list[Path]:
    """The shared memory of a Triton's models."""
    (prefix,) = (
        argument.split("=")[-1]
        for argument in arguments(triton)
        if "shm-region-prefix-name" in argument
    )
    return list(SHARED_MEMORY.glob(f"{prefix}*"))


@pytest.fixture
def counts(service):
    """How many batches each network has run."""
    client = triton.InferenceServerClient(service.triton_grpc)

    def read(*models: str) -> dict[str, int]:
        return {
            model: client.get_inference_statistics(model).model_stats[0].execution_count
            for model in models
        }

    return read
