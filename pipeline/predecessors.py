"""Processes that an earlier load of a model has left behind.

Where one of several processes of a model dies with a request, Triton 2.51 waits for its answer for
good and never ends the others, though the model is unloaded and loaded again: they keep their
networks, on a card where there may be no room for both.
"""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
STUB = "triton_python_backend_stub"
REGION = 2  # the argument of Triton's stub that is another one at each start, a piece of memory
GONE_SECONDS = 10.0


def end_predecessors() -> int:
    """End the processes that Triton started for what this one is for; how many there were.

    Returns once they hold no memory any more.  Requests that they may still have had are answered
    as those of a process that died are.
    """
    ours = _without_region(os.getpid())
    if not ours or os.path.basename(ours[0]) != STUB:
        return 0
    others = [
        int(entry.name)
        for entry in PROC.iterdir()
        if entry.name.isdigit()
        and int(entry.name) != os.getpid()
        and _without_region(int(entry.name)) == ours
    ]
    for pid in others:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + GONE_SECONDS
    while any(map(_without_region, others)) and time.monotonic() < until:
        time.sleep(0.01)
    return len(others)


def _without_region(pid: int) -> list[str]:
    """The arguments of a process, its parent's number among a stub's; none of one that is dead."""
    try:
        arguments = (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return []
    given = arguments.split("\0")[:-1]
    return [*given[:REGION], *given[REGION + 1 :]]
