"""What a process asks of the system for itself."""

import ctypes
import os
from contextlib import suppress


def set_torch_threads(count: int) -> None:
    """Have torch compute with so many threads, in a process that has not imported it yet.

    Threads that wait actively take the cores from the other networks; with
    several at work on two cores this halves the time.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ["OMP_NUM_THREADS"] = str(count)


def give_memory_back() -> None:
    """Return what was freed to the system, where glibc keeps it for the next allocation."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
