"""The client's own distribution, installed as on a machine that serves nothing."""

import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY_ROOT = Path(__file__).parents[2]
INSTALL_SECONDS = 300


def install_client(folder: Path) -> Path:
    """``pip install ./client`` into an empty environment; gives its folder of commands.

    What is installed is a copy: building leaves files beside the sources.
    """
    for package in ("client", "documents"):
        shutil.copytree(
            REPOSITORY_ROOT / package,
            folder / "sources" / package,
            ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"),
        )
    environment = folder / "environment"
    for command in (
        [sys.executable, "-m", "venv", environment],
        [environment / "bin/python", "-m", "pip", "install", "--quiet", "./client"],
    ):
        outcome = subprocess.run(
            command,
            cwd=folder / "sources",
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=INSTALL_SECONDS,
        )
        assert outcome.returncode == 0, outcome.stderr
    return environment / "bin"
