"""Packages of a lock into an environment: with uv, or where it cannot be had with pip."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

Say = Callable[[str], None]

PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input")
# A source distribution would run its own code here.
VERIFIED = ("--require-hashes", "--only-binary=:all:")
PIP_INDEX = re.compile(r"^(?P<where>\S+)\.index-url='(?P<url>.*)'$", re.MULTILINE)


class InstallationFailed(Exception):  # noqa: N818 - what happened to it
    """A package cannot be had, or not as it was pinned."""


def install(python: Path, lock: Path, uv_lock: Path, project: Path, say: Say) -> None:
    """Install what ``lock`` pins, and ``project`` itself, editable and without dependencies.

    Args:
        python: The environment's interpreter.
        lock: Requirements with hashes, setuptools among them.
        uv_lock: The pinned uv, which is thrown away afterwards.
        project: The folder of a ``pyproject.toml``.
        say: Hears what is being done.

    Raises:
        InstallationFailed: neither uv nor pip could.
    """
    local = ("--no-deps", "--no-build-isolation", "--editable", str(project))
    with tempfile.TemporaryDirectory(prefix="uv-") as tools:
        uv = fetch_uv(Path(tools), python, uv_lock, say)
        # Its bars are for somebody who waits, not for a log.
        how = (*VERIFIED, *(() if sys.stderr.isatty() else ("--quiet",)))
        if uv and _run([*uv, "sync", "--python", python, *how, lock], uv_variables()):
            done = _run([*uv, "install", "--python", python, "--quiet", "--offline", *local])
        else:
            say("pip installs, which takes several times as long")
            _ensure_pip(python)
            pinned = (*VERIFIED, "--no-deps", "--requirement", lock)
            done = _run([python, *PIP, "install", *pinned]) and _run(
                [python, *PIP, "install", "--quiet", "--no-index", *local]
            )
    if not done:
        raise InstallationFailed(f"what {lock.name} pins could not be installed; see above")


def fetch_uv(tools: Path, python: Path, uv_lock: Path, say: Say) -> "list[str] | None":
    """Have pip put the pinned uv into ``tools``; the command for its ``pip``, or None."""
    if find_spec("pip"):
        python = Path(sys.executable)
    else:
        _ensure_pip(python)
    say("fetching uv, which installs the packages")
    target = ("--quiet", "--no-deps", "--no-compile", "--target", tools)
    command = [python, *PIP, "install", *VERIFIED, *target, "--requirement", uv_lock]
    outcome = subprocess.run(list(map(str, command)), stderr=subprocess.PIPE, encoding="utf-8")
    if outcome.returncode != 0:
        say(f"uv cannot be had: {(outcome.stderr.strip().splitlines() or ['no reason given'])[-1]}")
        return None
    return [str(tools / "bin" / "uv"), "pip"]


def uv_variables() -> "dict[str, str]":
    """Variables that have uv look where pip is configured to, and trust whom the system trusts."""
    variables = {"UV_SYSTEM_CERTS": "1"}
    if not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"}.isdisjoint(os.environ) or not find_spec("pip"):
        return variables
    command = [sys.executable, *PIP, "config", "list"]
    listed = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8"
    )
    configured = {match["where"]: match["url"] for match in PIP_INDEX.finditer(listed.stdout)}
    for where in (":env:", "install", "global"):
        if configured.get(where):
            variables["UV_DEFAULT_INDEX"] = configured[where]
            break
    return variables


def _ensure_pip(python: Path) -> None:
    if not _run([python, "-m", "ensurepip"], stdout=subprocess.DEVNULL):
        raise InstallationFailed(
            f"{sys.executable} has neither pip nor ensurepip; install Debian's package "
            f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        )


def _run(
    command: "Sequence[object]", variables: "dict[str, str] | None" = None, **options: object
) -> bool:
    environment = {**os.environ, **(variables or {})}
    return subprocess.run(list(map(str, command)), env=environment, **options).returncode == 0
