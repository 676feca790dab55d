"""The embedded Triton server: start it, wait for its models, stop it."""

import os
import site
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from adapter.embedded.backend import Backend
from adapter.embedded.interpreter import link_libpython
from adapter.embedded.process import Process
from pipeline.settings import Settings

STUB_SECONDS = 600  # a model may fetch weights while it starts
STOP_SECONDS = 15  # of which Triton gives requests in flight all but the last five
SHARED_MEMORY = Path("/dev/shm")


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
        self.models = tuple(models)
        self.log = run / "tritonserver.log"
        self._url = f"http://{settings.triton_host}:{settings.triton_http_port}"
        self._region = f"triton-asr-{os.getpid()}-{settings.triton_http_port}-"
        self.process = Process(
            arguments(settings, backend, repository, models, self._region),
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
            if self.process.exit_status is not None:
                raise self._failure(f"tritonserver ended with status {self.process.exit_status}")
            states = self._states()
            if states is not None:
                failed = [name for name in self.models if states.get(name) != "READY"]
                if not failed:
                    return
                raise self._failure(f"Triton could not load {', '.join(failed)}")
            time.sleep(0.1)
        raise self._failure(f"Triton was not ready within {seconds:.0f} s")

    def stop(self) -> None:
        """End the server and its stubs, and give back the shared memory they leave behind."""
        self.process.stop(STOP_SECONDS)
        for region in SHARED_MEMORY.glob(f"{self._region}*"):
            region.unlink(missing_ok=True)

    def _states(self) -> dict[str, str] | None:
        """The state of each model; None while the server loads and does not answer yet."""
        try:
            index = httpx.post(f"{self._url}/v2/repository/index", timeout=5).json()
        except httpx.TransportError:
            return None
        return {model["name"]: model.get("state", "UNAVAILABLE") for model in index}

    def _failure(self, what: str) -> TritonFailed:
        return TritonFailed(f"{what}; the end of {self.log}:\n{self.process.tail()}")


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
    stubs = {"stub-timeout-seconds": STUB_SECONDS, "shm-region-prefix-name": region}
    return [
        str(backend.server),
        *(f"--{name}={value}" for name, value in options.items()),
        *(f"--backend-config=python,{name}={value}" for name, value in stubs.items()),
        *(f"--load-model={model}" for model in models),
    ]


def environment(settings: Settings, libraries: Sequence[Path]) -> Mapping[str, str]:
    """The server's environment.

    The stubs find this interpreter's packages through ``PATH``, and the CUDA
    libraries of its wheels, which CTranslate2 opens by name, through
    ``LD_LIBRARY_PATH``.
    """
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONHOME"}
    if settings.torch_device == "cuda":
        libraries = [*libraries, *cuda_libraries()]
    elif settings.device == "cpu":
        variables["CUDA_VISIBLE_DEVICES"] = ""
    return {
        # Libraries that download by themselves use the one cache folder too.
        "HF_HOME": str(settings.cache_dir / "huggingface"),
        "TORCH_HOME": str(settings.cache_dir / "torch"),
        **variables,
        "PATH": os.pathsep.join([str(Path(sys.prefix, "bin")), variables.get("PATH", "")]),
        "LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries)),
    }


def cuda_libraries() -> list[Path]:
    """The folders of CUDA libraries that were installed as wheels."""
    return sorted(
        folder
        for packages in site.getsitepackages()
        for folder in Path(packages).glob("nvidia/*/lib")
    )
