"""``python -m adapter.embedded.container``: Triton in a container, without the adapter.

Fetches the weights, lays out the model repository and becomes ``tritonserver``: NVIDIA's
own in an image of theirs, else the embedded one.
"""

import logging
import os
import sys
import tempfile
from pathlib import Path

from adapter.embedded.backend import Backend, assemble
from adapter.embedded.cuda_libraries import link_runtime
from adapter.embedded.interpreter import InterpreterError, link_libpython
from adapter.embedded.repository import render
from adapter.embedded.tritonserver import arguments, environment
from adapter.triton.secret import publish, restrictions
from pipeline.errors import PipelineError
from pipeline.settings import (
    Settings,
    SettingsError,
    check_compute_type,
    read_settings,
    said_at_start,
)
from pipeline.weights.defaults import fetch_defaults, settled

NVIDIA = Path("/opt/tritonserver")  # where NVIDIA's images have it

logger = logging.getLogger("container")


def find_server(settings: Settings, nvidia: Path = NVIDIA) -> Backend:
    """The server of NVIDIA's image, of ours, or else in CACHE_DIR, fetched if it is not there.

    Raises:
        InterpreterError: the embedded server does not run with this interpreter.
        WeightsUnavailable: it cannot be downloaded.
    """
    if nvidia.is_dir():
        return Backend(nvidia / "bin/tritonserver", nvidia / "backends", nvidia / "lib")
    return assemble(settings)


def main() -> str:
    """Run the command; returns only what keeps the server from being started."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    os.umask(0o077)  # for the recordings that Triton's processes share
    try:
        settings = read_settings()
        for line in said_at_start(settings):
            logger.info("%s", line)
        check_compute_type(settings)
        settings = settled(settings)
        for what, _ in fetch_defaults(settings):
            logger.info("weights: %s is there", what)
        backend = find_server(settings)
    except (PipelineError, SettingsError, InterpreterError) as error:
        return str(error)
    run = Path(tempfile.mkdtemp(prefix="triton-"))
    link_libpython(run / "lib")
    link_runtime(run / "lib")
    repository = run / "models"
    models = render(repository, settings)
    secret = publish(settings.triton_grpc_port, settings.given_triton_secret)
    command = arguments(settings, backend, repository, models, region="triton-asr-")
    command += restrictions(secret)
    os.execve(backend.server, command, environment(settings, [run / "lib", backend.libraries]))


if __name__ == "__main__":
    sys.exit(main())
