"""What this machine has: processor cores and CUDA devices."""

import ctypes
import os
from contextlib import suppress


def available_cores() -> int:
    """Cores that this process may use, which in a container is fewer than the machine has."""
    return len(os.sched_getaffinity(0))


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


def cuda_is_available() -> bool:
    """Whether the driver reports a CUDA device.

    Asks the driver itself: importing torch for the answer takes seconds, and
    starting its CUDA runtime here would keep memory on the card for nothing.
    """
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    count = ctypes.c_int(0)
    return (
        driver.cuInit(0) == 0
        and driver.cuDeviceGetCount(ctypes.byref(count)) == 0
        and count.value > 0
    )
