"""The embedded Triton server: start it, wait for its models, stop it."""

import contextlib
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from adapter.embedded.backend import Backend
from adapter.embedded.cuda_libraries import cuda_libraries, link_runtime
from adapter.embedded.interpreter import link_libpython
from adapter.embedded.process import Process
from adapter.embedded.variables import KEYS, variables_without
from adapter.triton.processes import live_instances
from adapter.triton.secret import HEADER, PREFIX, publish, restrictions, withdraw
from pipeline.hardware import CARDS_VARIABLE, to_text
from pipeline.settings import Settings

STUB_SECONDS = 600  # a model may fetch weights while it starts
STOP_SECONDS = 15  # of which Triton gives requests in flight all but the last five
TAIL_LINES, TAIL_COLUMNS = 15, 200
READY = "READY"  # a model's state
UNUSED_SECONDS = 60  # a secret is made a moment before its server is started
SHARED_MEMORY = Path("/dev/shm")
CUDA_CACHE_BYTES = str(2**32)  # the most that CUDA takes for a limit; 1 GB is its default
# The starter's process and its port; Triton adds a UUID.
REGION = re.compile(r"triton-asr-(\d+)-\d+-[0-9a-f]{8}-")


class TritonFailed(Exception):  # noqa: N818 - what happened to it
    """The server ended or a model of it did not load; carries the end of its log."""


class TritonServer:
    """One ``tritonserver`` process with the given models of ``repository``."""

    def __init__(
        self,
        settings: Settings,
        backend: Backend,
        repository: Path,
        models: Sequence[str],
        run: Path,
    ) -> None:
        """Start the server; its log is ``run/tritonserver.log``."""
        link_libpython(run / "lib")
        link_runtime(run / "lib")
        self.models = tuple(models)
        self.log = run / "tritonserver.log"
        self._url = f"http://{settings.triton_host}:{settings.triton_http_port}"
        sweep()
        self._region = f"triton-asr-{os.getpid()}-{settings.triton_http_port}-"
        self._grpc_port = settings.triton_grpc_port
        self._secret = publish(self._grpc_port, settings.given_triton_secret)
        self.process = Process(
            [
                *arguments(settings, backend, repository, models, self._region),
                *restrictions(self._secret),
            ],
            environment(settings, [run / "lib", backend.libraries]),
            self.log,
        )

    def wait_until_ready(self, seconds: float) -> None:
        """Wait until every model is loaded.

        Raises:
            TritonFailed: the server ended, a model failed to load, or the time is up.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.check_alive()
            self.close_memory()
            index = self._index()
            if index is not None:
                failed = [name for name in self.models if index.get(name, "") != READY]
                if not failed:
                    self.close_memory()
                    return
                reasons = [f"{name}: {index.get(name, 'no such model')}" for name in failed]
                raise self._failure(f"Triton could not load {'; '.join(reasons)}")
            time.sleep(0.1)
        raise self._failure(f"Triton was not ready within {seconds:.0f} s")

    def check_alive(self) -> None:
        """Raise :class:`TritonFailed` if the server ended."""
        if self.process.exit_status is not None:
            raise self._failure(f"tritonserver ended with status {self.process.exit_status}")

    def close_memory(self) -> None:
        """Keep the models' shared memory, where recordings lie, from other users of the machine.

        Boost opens it to all readers, whatever the umask is: to be called after every load.
        """
        for region in SHARED_MEMORY.glob(f"{self._region}*"):
            with contextlib.suppress(FileNotFoundError):
                region.chmod(0o600)

    def stop(self) -> None:
        """End the server and its stubs, and give back the shared memory they leave behind."""
        self.process.stop(STOP_SECONDS)
        withdraw(self._grpc_port)
        for region in SHARED_MEMORY.glob(f"{self._region}*"):
            region.unlink(missing_ok=True)

    def _index(self) -> dict[str, str] | None:
        """READY or the reason why not, for each model; None while the server loads them."""
        try:
            url, headers = f"{self._url}/v2/repository/index", {HEADER: self._secret}
            index = httpx.post(url, headers=headers, timeout=5).json()
        except httpx.TransportError:
            return None
        return {model["name"]: _state(model) for model in index}

    def _failure(self, what: str) -> TritonFailed:
        # Triton writes its configuration as tables; what went wrong is between them.
        lines = [line for line in self.process.tail(200).splitlines() if line[:1] not in "|+"]
        end = "\n".join(line[:TAIL_COLUMNS] for line in lines[-TAIL_LINES:])
        return TritonFailed(f"{what}\nthe end of {self.log}:\n{end}")


def sweep(folder: Path = SHARED_MEMORY) -> None:
    """Give back the shared memory, and the secrets, of Tritons whose starter was killed."""
    for region in folder.glob("triton-asr-*"):
        starter = REGION.match(region.name)
        if starter and not Path("/proc", starter[1]).exists():
            region.unlink(missing_ok=True)
    for path in folder.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            is_new = time.time() - path.stat().st_mtime < UNUSED_SECONDS
            if not is_new and live_instances(path.read_text(encoding="ascii")) is None:
                path.unlink()


def _state(model: dict[str, str]) -> str:
    if model.get("state") == READY:
        return READY
    return model.get("reason", "not loaded").partition("\n")[0]


def arguments(
    settings: Settings, backend: Backend, repository: Path, models: Sequence[str], region: str
) -> list[str]:
    """The server's command line."""
    options = {
        "model-repository": repository,
        "backend-directory": backend.backends,
        "model-control-mode": "explicit",
        # A model that does not load must not take the others with it.
        "exit-on-error": "false",
        "strict-readiness": "false",
        "http-address": settings.triton_host,
        "http-port": settings.triton_http_port,
        "grpc-address": settings.triton_host,
        "grpc-port": settings.triton_grpc_port,
        "metrics-address": settings.triton_host,
        "metrics-port": settings.triton_metrics_port,
        "exit-timeout-secs": STOP_SECONDS - 5,
    }
    stubs = {
        "stub-timeout-seconds": STUB_SECONDS,
        "shm-region-prefix-name": region,
        # Of each instance, for its calls to leaves and its answers: more than calls are under way.
        "thread-pool-size": 128 * len(settings.cards) or 32,
    }
    return [
        str(backend.server),
        # Each config.pbtxt is complete, and completing one costs a stub that imports the model.
        "--disable-auto-complete-config",
        *(f"--{name}={value}" for name, value in options.items()),
        *(f"--backend-config=python,{name}={value}" for name, value in stubs.items()),
        *(f"--load-model={model}" for model in models),
    ]


def environment(settings: Settings, libraries: Sequence[Path]) -> dict[str, str]:
    """The server's environment, which has the hub's token and no key of clients.

    It sees no card, and its leaves are told which ones serve. The stubs find this
    interpreter's packages through ``PATH``; CTranslate2 finds the CUDA libraries of its
    wheels through ``LD_LIBRARY_PATH``.
    """
    variables = variables_without(KEYS)
    variables.pop("PYTHONHOME", None)
    if settings.cards:
        libraries = [*libraries, *cuda_libraries()]
    return {
        # Libraries that download by themselves use the one cache folder too.
        "HF_HOME": str(settings.cache_dir / "huggingface"),
        "TORCH_HOME": str(settings.cache_dir / "torch"),
        # What the driver compiles for cards that are newer than CTranslate2's wheel.
        "CUDA_CACHE_PATH": str(settings.cache_dir / "cuda"),
        "CUDA_CACHE_MAXSIZE": CUDA_CACHE_BYTES,
        # One heap for all threads: of those that are a thread's own, glibc keeps up to 64 MB each,
        # whatever it is told to give back. Whisper takes no longer for it.
        "MALLOC_ARENA_MAX": "1",
        **variables,
        "DIARIZATION": settings.diarization,  # as was settled when the weights were fetched
        # Each leaf takes one of these; Triton would open a context on every card that it sees.
        CARDS_VARIABLE: to_text(settings.cards),
        "CUDA_VISIBLE_DEVICES": "",
        # For what the stubs start; their own Python does not look at it.
        "PYTHONUTF8": "1",
        "PATH": _joined(Path(sys.prefix, "bin"), variables.get("PATH")),
        "LD_LIBRARY_PATH": _joined(*libraries, variables.get("LD_LIBRARY_PATH")),
    }


def _joined(*paths: Path | str | None) -> str:
    return os.pathsep.join(str(path) for path in paths if path)
