"""What NVIDIA's management library says of the cards; it opens no CUDA context.

https://docs.nvidia.com/deploy/nvml-api/ describes each function.  It counts cards by their place
on the bus and does not look at CUDA_VISIBLE_DEVICES, so cards are known by their UUIDs here.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

from pipeline.hardware.card import COMPUTE_MODES, Card

LIBRARY = "libnvidia-ml.so.1"  # comes with the driver
NOT_SUPPORTED, NOT_FOUND = 3, 6  # nvmlReturn_t
TEXT_BYTES = 96  # NVML_DEVICE_UUID_V2_BUFFER_SIZE; names are as long at the most


class NvmlError(Exception):
    """The driver's management library is not there or does not answer; says why."""

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class _Memory(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ulonglong) for name in ("total", "free", "used")]


def open_library() -> ctypes.CDLL | None:
    """The library, or None where no driver is installed."""
    try:
        return ctypes.CDLL(LIBRARY)
    except OSError:
        return None


def read_cards(library: ctypes.CDLL) -> tuple[list[Card], list[str]]:
    """Every card of the machine, and what is wrong with those that do not answer.

    A card that MIG divides is not among them; its instances are.

    Raises:
        NvmlError: nothing can be said of any card.
    """
    nvml = _Nvml(library)
    nvml.call("nvmlInit_v2")
    try:
        cards: list[Card] = []
        broken: list[str] = []
        driver = nvml.text("nvmlSystemGetDriverVersion")
        for index in range(nvml.number("nvmlDeviceGetCount_v2")):
            try:
                cards.extend(_cards_at(nvml, index, driver))
            except NvmlError as error:
                broken.append(f"card {index} does not answer: {error}")
        return cards, broken
    finally:
        nvml.call("nvmlShutdown")


def _cards_at(nvml: _Nvml, index: int, driver: str) -> Iterator[Card]:
    device = nvml.handle("nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(index))
    major, minor = ctypes.c_int(), ctypes.c_int()
    nvml.call(
        "nvmlDeviceGetCudaComputeCapability", device, ctypes.byref(major), ctypes.byref(minor)
    )
    capability = (major.value, minor.value)
    mode = nvml.number_or("nvmlDeviceGetComputeMode", 0, device)
    card = _card(nvml, device, capability, driver, mode)
    if not _is_divided(nvml, device):
        yield card
        return
    instances = list(_instances(nvml, device, card))
    yield from instances or [_as_divided(card)]


def _instances(nvml: _Nvml, device: ctypes.c_void_p, card: Card) -> Iterator[Card]:
    for place in range(nvml.number("nvmlDeviceGetMaxMigDeviceCount", device)):
        try:
            instance = nvml.handle(
                "nvmlDeviceGetMigDeviceHandleByIndex", device, ctypes.c_uint(place)
            )
        except NvmlError as error:
            if error.code == NOT_FOUND:
                continue
            raise
        facts = vars(_card(nvml, instance, card.capability, card.driver))
        yield Card(
            **{
                **facts,
                "compute_mode": card.compute_mode,
                "parent": card.uuid,
                "instances": (
                    nvml.number("nvmlDeviceGetGpuInstanceId", instance),
                    nvml.number("nvmlDeviceGetComputeInstanceId", instance),
                ),
            }
        )


def _card(
    nvml: _Nvml, device: ctypes.c_void_p, capability: tuple[int, int], driver: str, mode: int = 0
) -> Card:
    memory = _Memory()
    nvml.call("nvmlDeviceGetMemoryInfo", device, ctypes.byref(memory))
    return Card(
        uuid=nvml.text("nvmlDeviceGetUUID", device),
        name=nvml.text("nvmlDeviceGetName", device),
        capability=capability,
        memory=memory.total,
        free=memory.free,
        driver=driver,
        compute_mode=COMPUTE_MODES[mode] if mode < len(COMPUTE_MODES) else COMPUTE_MODES[0],
    )


def _as_divided(card: Card) -> Card:
    return Card(**{**vars(card), "divided": True})


def _is_divided(nvml: _Nvml, device: ctypes.c_void_p) -> bool:
    current, pending = ctypes.c_uint(), ctypes.c_uint()
    try:
        nvml.call("nvmlDeviceGetMigMode", device, ctypes.byref(current), ctypes.byref(pending))
    except NvmlError as error:
        if error.code is None or error.code == NOT_SUPPORTED:  # an old driver, another card
            return False
        raise
    return bool(current.value)


class _Nvml:
    """Calls of the library, whose errors are exceptions."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library

    def call(self, name: str, *arguments: object) -> None:
        try:
            function = getattr(self._library, name)
        except AttributeError:
            raise NvmlError(f"this driver has no {name}") from None
        code = function(*arguments)
        if code:
            raise NvmlError(self._reason(code), code)

    def text(self, name: str, *arguments: object) -> str:
        buffer = ctypes.create_string_buffer(TEXT_BYTES)
        self.call(name, *arguments, buffer, ctypes.c_uint(TEXT_BYTES))
        return buffer.value.decode("utf-8", "replace")

    def number(self, name: str, *arguments: object) -> int:
        value = ctypes.c_uint()
        self.call(name, *arguments, ctypes.byref(value))
        return value.value

    def number_or(self, name: str, otherwise: int, *arguments: object) -> int:
        """The same of what not every card or driver knows."""
        try:
            return self.number(name, *arguments)
        except NvmlError as error:
            if error.code is None or error.code == NOT_SUPPORTED:
                return otherwise
            raise

    def handle(self, name: str, *arguments: object) -> ctypes.c_void_p:
        value = ctypes.c_void_p()
        self.call(name, *arguments, ctypes.byref(value))
        return value

    def _reason(self, code: int) -> str:
        reason = getattr(self._library, "nvmlErrorString", None)
        if reason is None:
            return f"error {code}"
        reason.restype = ctypes.c_char_p
        return (reason(code) or b"").decode("utf-8", "replace") or f"error {code}"
