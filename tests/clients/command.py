"""The command ``asr`` as a process of its own."""

import os
import sys
from pathlib import Path

SECONDS = 120  # for one run on a slow machine
ASR = [sys.executable, "-m", "client.cli"]
ROOT = Path(__file__).parents[2]


def environment_of(url: str) -> dict[str, str]:
    """That of a command, which finds the service by it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "ASR_URL": url, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
