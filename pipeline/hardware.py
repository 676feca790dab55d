"""What this machine has: processor cores and CUDA devices."""

import ctypes
import os


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


def computes_in_bfloat16() -> bool:
    """Whether the processor multiplies in bfloat16, twice as fast as in single precision."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as about:
            flags = next((line.split() for line in about if line.startswith("flags")), [])
    except OSError:
        return False
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(flags)


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
