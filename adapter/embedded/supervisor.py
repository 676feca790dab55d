"""The whole service as two children of one process: Triton and the adapter."""

import logging
import shutil
import sys
import time

import httpx

from adapter.embedded.backend import Backend, assemble
from adapter.embedded.process import Process
from adapter.embedded.repository import render
from adapter.embedded.tritonserver import TritonFailed, TritonServer
from adapter.embedded.variables import HUB_TOKENS, variables_without
from adapter.ports import local_url
from pipeline.hardware import CARDS_VARIABLE, to_text
from pipeline.settings import Settings, SettingsError, check_compute_type, said_at_start
from pipeline.weights.defaults import fetch_defaults, settled

READY_SECONDS = 900  # large networks from a slow disk
STOP_SECONDS = 10  # for requests in flight
POLL_SECONDS = 0.5
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds before something that ended is started again
SETTLED_SECONDS = 120  # after so long a run the next pause is the first one again

logger = logging.getLogger(__name__)


class AdapterFailed(Exception):  # noqa: N818 - what happened to it
    """The adapter ended, or did not become healthy."""


class Supervisor:
    """Triton and the adapter as children of this process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.url = local_url(settings)
        self.run = settings.cache_dir / "run" / str(settings.port)
        self.triton: TritonServer | None = None
        self.adapter: Process | None = None

    def prepare(self) -> Backend:
        """Fetch what is not in the cache yet.

        Raises:
            SettingsError: Triton cannot read what lies in this CACHE_DIR, or no device here
                computes as COMPUTE_TYPE says.
            PipelineError: something cannot be fetched.
        """
        if not str(self.settings.cache_dir).isascii():
            raise SettingsError(
                f"CACHE_DIR={str(self.settings.cache_dir)!r}: Triton finds no model under "
                "a path with letters beyond ASCII; set CACHE_DIR to one without"
            )
        for line in said_at_start(self.settings):
            logger.info("%s", line)
        check_compute_type(self.settings)
        logger.info("weights: looking for them in %s", self.settings.cache_dir)
        self.settings = settled(self.settings)
        for what, _ in fetch_defaults(self.settings):
            logger.info("weights: %s is there", what)
        logger.info("triton: looking for its files in %s", self.settings.cache_dir)
        return assemble(self.settings)

    def start(self, backend: Backend) -> None:
        """Start both and wait until they are ready."""
        shutil.rmtree(self.run, ignore_errors=True)  # the last run's log and links
        self.run.mkdir(parents=True)
        self.start_triton(backend)
        self.start_adapter()
        logger.info("triton: loading %s", ", ".join(self.triton.models))
        self.triton.wait_until_ready(READY_SECONDS)
        logger.info("adapter: waiting until it is healthy")
        self.wait_until_healthy(READY_SECONDS)

    def start_triton(self, backend: Backend) -> None:
        """Start Triton with every model of the repository."""
        repository = self.run / "models"
        models = render(repository, self.settings)
        self.triton = TritonServer(self.settings, backend, repository, models, self.run)

    def start_adapter(self) -> None:
        """Start the HTTP server; it answers 503 until Triton is ready."""
        options = {
            "host": self.settings.host,
            "port": self.settings.port,
            "log-level": self.settings.log_level,
            "timeout-graceful-shutdown": STOP_SECONDS - 2,
        }
        self.adapter = Process(
            [
                *(sys.executable, "-m", "uvicorn", "--factory", "adapter.app:create_app"),
                *(f"--{name}={value}" for name, value in options.items()),
            ],
            {
                **variables_without(HUB_TOKENS),
                CARDS_VARIABLE: to_text(self.settings.cards),  # not to be looked for again
                "PYTHONUTF8": "1",
            },
            no_new_privileges=True,
        )

    def wait_until_healthy(self, seconds: float) -> None:
        """Wait for the adapter's ``/health``, which Triton's models have a part in.

        Raises:
            AdapterFailed: it ended, or the time is up.
            TritonFailed: Triton ended.
        """
        deadline = time.monotonic() + seconds
        answer = "no answer"
        while time.monotonic() < deadline:
            if self.adapter.exit_status is not None:
                raise AdapterFailed(f"the adapter ended with status {self.adapter.exit_status}")
            self.triton.check_alive()
            try:
                response = httpx.get(f"{self.url}/health", timeout=10)
            except httpx.TransportError:
                time.sleep(0.2)
                continue
            if response.status_code == httpx.codes.OK:
                return
            answer = response.text
            time.sleep(0.5)
        raise AdapterFailed(f"the adapter was not healthy within {seconds:.0f} s: {answer}")

    def watch(self, backend: Backend) -> None:
        """Start again whichever ends by itself; returns only by an exception."""
        pause, since = FIRST_PAUSE, time.monotonic()
        while True:
            time.sleep(POLL_SECONDS)
            self.triton.close_memory()  # of models that were loaded again
            triton_ended = self.triton.process.exit_status
            adapter_ended = self.adapter.exit_status
            if triton_ended is None and adapter_ended is None:
                continue
            if time.monotonic() - since > SETTLED_SECONDS:
                pause = FIRST_PAUSE
            name, status = (
                ("adapter", adapter_ended) if triton_ended is None else ("triton", triton_ended)
            )
            logger.warning("%s: ended (%s); starting it again in %.0f s", name, status, pause)
            time.sleep(pause)
            pause, since = min(2 * pause, LONGEST_PAUSE), time.monotonic()
            self._restart(name, backend)

    def _restart(self, name: str, backend: Backend) -> None:
        try:
            if name == "triton":
                self.triton.stop()
                self.start_triton(backend)
                self.triton.wait_until_ready(READY_SECONDS)
            else:
                self.adapter.kill()
                self.start_adapter()
            self.wait_until_healthy(READY_SECONDS)
        except (TritonFailed, AdapterFailed) as error:
            logger.error("%s: %s", name, error)
        else:
            logger.info("%s: ready again", name)

    def stop(self) -> None:
        """End both, the adapter first so that nothing new reaches Triton."""
        if self.adapter:
            self.adapter.stop(STOP_SECONDS)
        if self.triton:
            self.triton.stop()
