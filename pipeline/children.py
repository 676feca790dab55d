"""Work in a process of its own, whose death harms nobody."""

import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOOK_SECONDS = 0.5


class TookTooLong(Exception):  # noqa: N818 - what happened
    """The process did not end in time, and was ended."""


def run(
    module: str,
    *arguments: str,
    seconds: float,
    variables: Mapping[str, str] | None = None,
    look: Callable[[], None] = lambda: None,
) -> tuple[int, str]:
    """Run ``python -m module`` until it ends.

    Args:
        arguments: of it.
        seconds: that it may take.
        variables: of its environment, beside this process's.
        look: called twice a second; what it raises ends the process, and is raised.

    Returns:
        Its exit status, or minus the signal that ended it, and what it printed.

    Raises:
        TookTooLong: it was ended after ``seconds``.
    """
    end = time.monotonic() + seconds
    with tempfile.TemporaryFile() as told:
        child = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env={**os.environ, **(variables or {})},
            stdin=subprocess.PIPE,  # whose end is this process's
            stdout=told,
        )
        try:
            while child.poll() is None:
                if time.monotonic() > end:
                    raise TookTooLong(f"{module} took longer than {seconds:g} s")
                look()
                with suppress(subprocess.TimeoutExpired):
                    child.wait(LOOK_SECONDS)
        finally:
            child.kill()
            child.wait()
            child.stdin.close()
        told.seek(0)
        return child.returncode, told.read().decode("utf-8", "replace").strip()


def begin(largest_file: int | None = None) -> None:
    """What the process does first that :func:`run` has started.

    It ends with its parent, and is the first that the kernel takes when memory is short.

    Args:
        largest_file: bytes that it may write to one file.
    """
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _end_with_parent() -> None:
    while os.read(0, 1):
        """Nothing is ever sent."""
    os._exit(1)
