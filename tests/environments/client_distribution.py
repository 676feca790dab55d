"""The client's own distribution, installed as on a machine that serves nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.installer import uv_variables

REPOSITORY_ROOT = Path(__file__).parents[2]
INSTALL_SECONDS = 300


def install_client(folder: Path) -> Path:
    """What ``pip install ./client`` does, by uv, in an empty environment; gives its commands.

    What is installed is a copy: building leaves files beside the sources.
    """
    for package in ("client", "documents"):
        shutil.copytree(
            REPOSITORY_ROOT / package,
            folder / "sources" / package,
            ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"),
        )
    environment = folder / "environment"
    uv = Path(sys.executable).with_name("uv")
    for command in (
        [uv, "venv", "--quiet", "--python", sys.executable, environment],
        [uv, "pip", "install", "--quiet", "--python", environment / "bin/python", "./client"],
    ):
        outcome = subprocess.run(
            command,
            cwd=folder / "sources",
            env={**os.environ, **uv_variables()},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=INSTALL_SECONDS,
        )
        assert outcome.returncode == 0, outcome.stderr
    return environment / "bin"
