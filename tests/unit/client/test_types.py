"""The client's types are right, as those who use it with a type checker see them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_mypy_has_nothing_to_say(tmp_path):
    told = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "no issues found in" in told.stdout


def test_whoever_installs_it_has_its_types():
    assert (ROOT / "client/py.typed").is_file()
    assert (ROOT / "documents/py.typed").is_file()
