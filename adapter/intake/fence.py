"""Namespaces of its own for a program that reads what strangers send.

A decoder that hostile media took over then finds no network, none of the service's
message queues, and no process whose memory it may read: it belongs to a user namespace in
which it is nobody.
"""

import shutil
import subprocess
from functools import cache

NAMESPACES = ("--user", "--net", "--ipc")
TRIAL_SECONDS = 30


@cache
def find_fence(program: str) -> tuple[str, ...]:
    """The command in front of ``program`` that fences it in; empty where that is not allowed.

    Containers and some distributions let nobody make namespaces, and from within them a folder
    of somebody else's may be closed that root could open. So it is tried, once, with what
    ffmpeg answers at once.
    """
    unshare = shutil.which("unshare")
    if unshare is None:
        return ()
    fence = (unshare, *NAMESPACES, "--")
    trial = [*fence, program, "-hide_banner", "-protocols"]
    try:
        outcome = subprocess.run(
            trial, stdin=subprocess.DEVNULL, capture_output=True, timeout=TRIAL_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return fence if outcome.returncode == 0 else ()
