"""The environments that ``make`` uses: ``.venv`` serves, ``.venv-dev`` tests and measures.

``python3 -m deploy.environment serve|dev [COMMAND …]`` makes the one that is asked for
where it is not there or is not of the lock that is due, and becomes COMMAND in it.  The
standard library only: this runs before anything is installed.
"""

import argparse
import fcntl
import hashlib
import os
import sys
import time
import venv
from pathlib import Path

from adapter.embedded.interpreter import InterpreterError, check_interpreter
from deploy.choice import Choice, choose, read_choice_settings
from deploy.installer import InstallationFailed, install
from pipeline.hardware import survey

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ROOT / "requirements"
FOLDERS = {"serve": ".venv", "dev": ".venv-dev"}
DEV = Choice("dev", "for tests and benchmarks, with stock WhisperX")
STAMP = "made-from"
SIZES = {  # of what is downloaded, and of what lies on the disk afterwards
    "cpu": ("0.2 GB", "0.8 GB"),
    "cpu-traces": ("0.2 GB", "0.8 GB"),
    "cuda": ("4 GB", "7.5 GB"),
    "dev": ("4 GB", "7.8 GB"),
}


class EnvironmentInUse(Exception):  # noqa: N818 - what keeps it from being changed
    """A process works in the environment that would have to be made anew."""


def ensure(folder: Path, choice: Choice) -> int:
    """See that ``folder`` is an environment of the chosen lock.

    Returns:
        A file descriptor, inherited by what this process becomes. While it is open nobody
        makes the environment anew.

    Raises:
        EnvironmentInUse: it would have to be made anew, and somebody has it open.
        InstallationFailed: a package cannot be had.
    """
    lock = LOCKS / f"{choice.lock}.lock"
    due = fingerprint(lock, ROOT / "pyproject.toml")
    folder.mkdir(exist_ok=True)
    holder = os.open(str(folder), os.O_RDONLY)
    try:
        _see_to(folder, lock, due, choice, holder)
    except BaseException:
        os.close(holder)
        raise
    os.set_inheritable(holder, True)
    return holder


def _see_to(folder: Path, lock: Path, due: str, choice: Choice, holder: int) -> None:
    stamp = folder / STAMP
    try:
        fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        # Somebody makes it, which this waits for, or works in it.
        fcntl.flock(holder, fcntl.LOCK_SH)
        if not _is_made_from(due, stamp):
            raise EnvironmentInUse(
                f"{folder.name} is at work, and would have to be made anew {choice.reason}; "
                "end what runs in it first"
            ) from None
    if not _is_made_from(due, stamp):
        make(folder, lock, choice)
        stamp.write_text(due, encoding="utf-8")
    fcntl.flock(holder, fcntl.LOCK_SH)


def fingerprint(lock: Path, project: Path) -> str:
    """What an environment is made from: an interpreter, a lock, the project's own description."""
    digest = hashlib.sha256(lock.read_bytes() + project.read_bytes()).hexdigest()
    return f"{sys.base_prefix} {python_release()} {lock.stem} {digest}\n"


def python_release() -> str:
    """The running interpreter's version as in ``3.11.7``."""
    return ".".join(map(str, sys.version_info[:3]))


def make(folder: Path, lock: Path, choice: Choice) -> None:
    """Empty ``folder`` and make an environment of ``lock`` in it."""
    begin = time.monotonic()
    say(f"making {folder.name} with Python {python_release()} {choice.reason}")
    venv.create(str(folder), clear=True, symlinks=True)
    downloaded, unpacked = SIZES[lock.stem]
    say(f"{downloaded} to download, {unpacked} on the disk")
    install(folder / "bin" / "python", lock, LOCKS / "installer.lock", ROOT, say)
    say(f"{folder.name} is there after {time.monotonic() - begin:.0f} s")


def say(what: str) -> None:
    """Tell whoever waits what is being done."""
    print(f"environment: {what}", flush=True)


def main() -> int:
    """Run the command; returns where there is none to become, or on failure."""
    parser = argparse.ArgumentParser(prog="python3 -m deploy.environment", description=__doc__)
    parser.add_argument("name", choices=sorted(FOLDERS))
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    folder = ROOT / FOLDERS[arguments.name]
    try:
        check_interpreter()
        choice = DEV if arguments.name == "dev" else _choice_for_serving()
        ensure(folder, choice)
    except (InterpreterError, EnvironmentInUse, InstallationFailed) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if arguments.command:
        program = str(folder / "bin" / arguments.command[0])
        os.execv(program, [program, *arguments.command[1:]])
    return 0


def _choice_for_serving() -> Choice:
    settings = read_choice_settings(ROOT / ".env", os.environ)
    found = survey()
    return choose(settings, bool(found.serving), found.why_none)


def _is_made_from(due: str, stamp: Path) -> bool:
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == due


if __name__ == "__main__":
    sys.exit(main())
