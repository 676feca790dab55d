"""``python -m adapter.embedded.container``: what the Triton image runs.

Fetches the weights, lays out the model repository and becomes ``tritonserver``.
"""

import logging
import os
import sys
import tempfile
from pathlib import Path

from adapter.embedded.backend import Backend
from adapter.embedded.repository import render
from adapter.embedded.tritonserver import arguments, environment
from pipeline.errors import PipelineError
from pipeline.settings import SettingsError, read_settings
from pipeline.weights.defaults import fetch_defaults

TRITON = Path("/opt/tritonserver")  # where NVIDIA's images have it

logger = logging.getLogger("container")


def main(triton: Path = TRITON) -> str:
    """Run the command; returns only what keeps the server from being started."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        settings = read_settings()
        for what, _ in fetch_defaults(settings):
            logger.info("weights: %s is there", what)
    except (PipelineError, SettingsError) as error:
        return str(error)
    backend = Backend(triton / "bin/tritonserver", triton / "backends", triton / "lib")
    repository = Path(tempfile.mkdtemp(prefix="models-"))
    models = render(repository, settings)
    command = arguments(settings, backend, repository, models, region="triton-asr-")
    os.execve(backend.server, command, environment(settings, [backend.libraries]))


if __name__ == "__main__":
    sys.exit(main())
