"""NVIDIA's management library as ctypes shows it, whose cards are data."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.hardware import Card
from pipeline.hardware.card import COMPUTE_MODES

NOT_SUPPORTED, NOT_FOUND, LOST = 3, 6, 15  # nvmlReturn_t
ERRORS = {NOT_SUPPORTED: b"Not Supported", NOT_FOUND: b"Not Found", LOST: b"GPU is lost"}


@dataclass
class Slot:
    """A place on the bus: its card, and the instances into which MIG divides it."""

    card: Card
    instances: Sequence[Card] = ()
    mig: bool = False
    lost: bool = False


@dataclass
class Library:
    """Functions that are called with ctypes' arguments and write into them, as those of C do."""

    slots: Sequence[Slot]
    driver: str = "575.57.08"
    fails_at_once: int = 0
    without: frozenset[str] = frozenset()  # functions that this driver does not have
    is_open: bool = field(default=False, init=False)

    def __getattribute__(self, name: str) -> object:
        if name in object.__getattribute__(self, "without"):
            raise AttributeError(name)
        return object.__getattribute__(self, name)

    class _ErrorString:
        restype: object = None

        def __call__(self, code: int) -> bytes:
            return ERRORS.get(code, b"Driver/library version mismatch")

    nvmlErrorString = _ErrorString()  # noqa: N815 - the names are NVIDIA's

    def nvmlInit_v2(self) -> int:  # noqa: N802
        """Begin."""
        self.is_open = not self.fails_at_once
        return self.fails_at_once

    def nvmlShutdown(self) -> int:  # noqa: N802
        """End."""
        self.is_open = False
        return 0

    def nvmlSystemGetDriverVersion(self, buffer, length) -> int:  # noqa: N802
        """Write the version."""
        return _write(buffer, length, self.driver)

    def nvmlDeviceGetCount_v2(self, count) -> int:  # noqa: N802
        """Count the cards."""
        count._obj.value = len(self.slots)
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index, handle) -> int:  # noqa: N802
        """A handle, here 1000 for the first card, 2000 for the second."""
        handle._obj.value = 1000 * (index.value + 1)
        return 0

    def nvmlDeviceGetMigDeviceHandleByIndex(self, handle, index, instance) -> int:  # noqa: N802
        """A handle of an instance, here 1001 for the first one of the first card."""
        instances = self._slot(handle).instances
        if index.value >= len(instances):
            return NOT_FOUND
        instance._obj.value = handle.value + 1 + index.value
        return 0

    def nvmlDeviceGetMaxMigDeviceCount(self, handle, count) -> int:  # noqa: N802
        """As on a real card, whose places need not all be taken."""
        count._obj.value = 7
        return 0

    def nvmlDeviceGetMigMode(self, handle, current, pending) -> int:  # noqa: N802
        """Whether the card is divided."""
        slot = self._slot(handle)
        if slot.card.capability < (8, 0):
            return NOT_SUPPORTED
        current._obj.value = int(slot.mig)
        return 0

    def nvmlDeviceGetGpuInstanceId(self, handle, number) -> int:  # noqa: N802
        """The first number of an instance."""
        number._obj.value = self._card(handle).instances[0]
        return 0

    def nvmlDeviceGetComputeInstanceId(self, handle, number) -> int:  # noqa: N802
        """The second."""
        number._obj.value = self._card(handle).instances[1]
        return 0

    def nvmlDeviceGetCudaComputeCapability(self, handle, major, minor) -> int:  # noqa: N802
        """Two numbers."""
        if self._slot(handle).lost:
            return LOST
        major._obj.value, minor._obj.value = self._card(handle).capability
        return 0

    def nvmlDeviceGetComputeMode(self, handle, mode) -> int:  # noqa: N802
        """A number."""
        mode._obj.value = COMPUTE_MODES.index(self._card(handle).compute_mode)
        return 0

    def nvmlDeviceGetMemoryInfo(self, handle, memory) -> int:  # noqa: N802
        """Bytes."""
        card = self._card(handle)
        memory._obj.total, memory._obj.free = card.memory, card.free
        memory._obj.used = card.memory - card.free
        return 0

    def nvmlDeviceGetUUID(self, handle, buffer, length) -> int:  # noqa: N802
        """Text."""
        return _write(buffer, length, self._card(handle).uuid)

    def nvmlDeviceGetName(self, handle, buffer, length) -> int:  # noqa: N802
        """Text."""
        return _write(buffer, length, self._card(handle).name)

    def _slot(self, handle: ctypes.c_void_p) -> Slot:
        assert self.is_open
        return self.slots[handle.value // 1000 - 1]

    def _card(self, handle: ctypes.c_void_p) -> Card:
        slot, place = self._slot(handle), handle.value % 1000
        return slot.instances[place - 1] if place else slot.card


def _write(buffer: ctypes.Array, length: ctypes.c_uint, text: str) -> int:
    content = text.encode()
    assert len(content) < length.value
    buffer.value = content
    return 0
