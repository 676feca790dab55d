"""The real service, started for the benchmark on ports of its own."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tritonclient.grpc import InferenceServerClient, InferInput, InferRequestedOutput

from benchmarks.running.processes import Process, descendants
from benchmarks.running.worker import ROOT
from client import Client
from documents import Transcript
from pipeline.options import Options
from tests.services.ports import free_ports

START_SECONDS = 900
STOP_SECONDS = 60


class StartError(RuntimeError):
    """The service did not start."""


@dataclass(frozen=True)
class Answer:
    """What came back, and how long it took."""

    transcript: Transcript
    seconds: float


class Service:
    """``python -m adapter.serve``; a context manager that stops it."""

    def __init__(self, folder: Path, environment: dict[str, str], code: Path = ROOT) -> None:
        """Start it and wait until it is ready.

        Args:
            folder: where its log is written.
            environment: settings of its own.
            code: where its code lies, which may be another commit's.

        Raises:
            StartError: with what it wrote.
        """
        port, http, grpc, metrics = free_ports(4)
        self._log = folder / "service.log"
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "adapter.serve", "--no-sample"],
                cwd=code,
                env={
                    **os.environ,
                    "HF_TOKEN": "",
                    "DIARIZATION": "ungated",
                    "KEEP_ANSWERS_SECONDS": "0",
                    "HOST": "127.0.0.1",
                    "PORT": str(port),
                    "TRITON_HOST": "127.0.0.1",
                    "TRITON_HTTP_PORT": str(http),
                    "TRITON_GRPC_PORT": str(grpc),
                    "TRITON_METRICS_PORT": str(metrics),
                    **environment,
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.url = f"http://127.0.0.1:{port}"
        self.metrics = f"127.0.0.1:{metrics}"  # Triton's page of them
        self.triton_http = f"127.0.0.1:{http}"
        self.triton = f"127.0.0.1:{grpc}"  # its gRPC
        self._client = Client(self.url, timeout=7200)
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        self._triton = InferenceServerClient(self.triton)

    def post(self, path: Path, **options: str | int | bool) -> Answer:
        """``POST /asr``."""
        begin = time.perf_counter()
        # What is kept of the round before would be measured otherwise.
        transcript = self._client.transcribe(path, reuse=False, **options)
        return Answer(transcript, time.perf_counter() - begin)

    def post_together(self, paths: list[Path], **options: str | int | bool) -> list[Answer]:
        """``POST /asr`` for all of them at once."""
        with ThreadPoolExecutor(len(paths)) as threads:
            return list(threads.map(lambda path: self.post(path, **options), paths))

    def posting(self, path: Path) -> subprocess.Popen:
        """``POST /asr`` from a process of its own, which may be killed."""
        command = [sys.executable, "-m", "client.cli", "transcribe", str(path), "--url", self.url]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)

    def infer(
        self, model: str, inputs: dict[str, np.ndarray], output: str, **options: object
    ) -> tuple[bytes, float]:
        """Ask one of Triton's models over gRPC: INT16 and UINT8 [N] in, JSON and seconds out."""
        tensors = []
        for name, array in inputs.items():
            tensor = InferInput(name, [1, array.size], array.dtype.name.upper())
            tensor.set_data_from_numpy(array[None])
            tensors.append(tensor)
        begin = time.perf_counter()
        result = self._triton.infer(
            model,
            tensors,
            outputs=[InferRequestedOutput(output)],
            parameters=Options(reuse=False, **options).to_parameters(),
        )
        return result.as_numpy(output).tobytes(), time.perf_counter() - begin

    def executions(self, model: str) -> tuple[int, int]:
        """How many pieces a leaf model has answered, and in how many batches."""
        (statistics,) = self._triton.get_inference_statistics(model).model_stats
        return statistics.inference_count, statistics.execution_count

    @property
    def processes(self) -> list[Process]:
        """All processes of the service."""
        return descendants(self._process.pid)

    @property
    def adapter(self) -> list[Process]:
        """The adapter, and ffmpeg while it decodes."""
        adapter = next(p for p in self.processes if "adapter.app:create_app" in p.command)
        return descendants(adapter.pid)

    def stop(self) -> None:
        """Ask the launcher to stop, as Ctrl-C does."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while "ready at" not in (log := self._log.read_text(encoding="utf-8")):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise StartError(f"the service did not start:\n{log}")
            time.sleep(0.2)
