"""Faults that tests, and ``make check``, provoke in a leaf's process.

They exist only where the environment of Triton has ``PROVOKED_FAULTS``, a folder.  A leaf looks
there for a file of its own name each time that it is about to compute some pieces, and fails as
the file says, in the words of the library that it computes with:

    arrange(folder, "whisper", Fault("broken device"))              # once
    arrange(folder, "segmentation", Fault("out of memory", above=2, times=10))
    arrange(folder, "whisper", None)                                # no more

- ``out of memory``: there is no memory for more pieces at once than ``above``.
- ``broken device``: a kernel has read where it may not; on a card, one of ours does so in fact,
  and what the leaf's library says of it is its own.
- ``failure``: anything else.
"""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pipeline.serving import PROVOKED_FAULTS

WORDS = {
    "out of memory": (
        "CUDA failed with error out of memory",
        "CUDA out of memory. Tried to allocate 2.00 GiB.",
    ),
    "broken device": (
        "CUDA failed with error an illegal memory access was encountered",
        "CUDA error: device-side assert triggered",
    ),
    "failure": ("a fault that was provoked",) * 2,
}
# A kernel of one thread that writes to address 8.
KERNEL = b"""
.version 6.0
.target sm_50
.address_size 64
.visible .entry fault()
{
    .reg .b64 %address;
    mov.u64 %address, 8;
    st.global.u32 [%address], 1;
    ret;
}
\0"""


@dataclass(frozen=True)
class Fault:
    """What is to happen in a leaf, and how often."""

    kind: Literal["out of memory", "broken device", "failure"]
    above: int = 0  # pieces at once that do no harm
    times: int = 1


def arrange(folder: Path, leaf: str, fault: Fault | None) -> None:
    """Have a leaf of the Triton with this folder fail like this from now on, or no more."""
    path = folder / leaf
    if fault is None:
        path.unlink(missing_ok=True)
        return
    written = path.with_suffix(".new")
    written.write_text(json.dumps(asdict(fault)), encoding="utf-8")
    written.rename(path)


def provoker(leaf: str, on_card: bool = False) -> Callable[[int], None]:
    """What a leaf calls with the number of pieces that it is about to compute.

    Args:
        leaf: its name.
        on_card: whether it computes on one, which is then the only one that it sees.
    """
    folder = os.environ.get(PROVOKED_FAULTS)
    if not folder:
        return lambda pieces: None

    def provoke(pieces: int) -> None:
        fault = _due(Path(folder), leaf, pieces)
        if fault is None:
            return
        if fault.kind == "broken device" and on_card:
            _break_device()
            return
        raise RuntimeError(WORDS[fault.kind][leaf != "whisper"])

    return provoke


def _due(folder: Path, leaf: str, pieces: int) -> Fault | None:
    """The fault that is to happen now, which is one time less to come."""
    try:
        fault = Fault(**json.loads((folder / leaf).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    if pieces <= fault.above:
        return None
    left = fault.times - 1
    arrange(folder, leaf, Fault(fault.kind, fault.above, left) if left else None)
    return fault


def _break_device() -> None:
    """Run :data:`KERNEL` in the context that the libraries of this process share.

    Raises:
        RuntimeError: it cannot be run.
    """
    driver = ctypes.CDLL("libcuda.so.1")
    device, context, module, kernel = ctypes.c_int(), *(ctypes.c_void_p() for _ in range(3))
    _check(driver.cuInit(0))
    _check(driver.cuDeviceGet(ctypes.byref(device), 0))
    _check(driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), device))
    _check(driver.cuCtxPushCurrent_v2(context))
    _check(driver.cuModuleLoadData(ctypes.byref(module), KERNEL))
    _check(driver.cuModuleGetFunction(ctypes.byref(kernel), module, b"fault"))
    _check(driver.cuLaunchKernel(kernel, *(1,) * 6, 0, None, None, None))
    driver.cuCtxSynchronize()  # what it says is what the libraries are to hear as well
    driver.cuCtxPopCurrent_v2(ctypes.byref(context))


def _check(status: int) -> None:
    if status:
        raise RuntimeError(f"the fault could not be provoked: CUDA's driver says {status}")
