"""Which cards serve, which do not, and why: decided once, by whoever starts the service."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pipeline.hardware import nvml
from pipeline.hardware.card import Card, from_text
from pipeline.hardware.fitness import fault_of, left_out_beside
from pipeline.hardware.visible import VARIABLE, digits, visible

# The cards that serve, as their starter tells its children, who then do not look themselves.
CARDS_VARIABLE = "ASR_CARDS"
ENUMERATION = Path(__file__).with_name("enumeration.py")
ENUMERATION_SECONDS = 60  # cards that sleep, or a driver that loads, take seconds
MPS_PIPES = "/tmp/nvidia-mps"  # unless CUDA_MPS_PIPE_DIRECTORY says otherwise


class CudaError(Exception):
    """CUDA cannot be initialised; says why."""


@dataclass(frozen=True)
class Survey:
    """What was found."""

    serving: tuple[Card, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()  # a card, and why it does not serve
    # Why there is no card to speak of; None where there simply is no driver.
    fault: str | None = None

    @property
    def why_none(self) -> str:
        """Why no card serves."""
        reasons = [f"{card}: {reason}" for card, reason in self.left_out]
        return "; ".join(filter(None, [self.fault, *reasons])) or "no driver reports a card"


@lru_cache(maxsize=1)
def survey() -> Survey:
    """The cards that serve: those that this process was told, else those that it finds.

    Raises:
        ValueError: what it was told is no list of cards.
    """
    told = os.environ.get(CARDS_VARIABLE)
    if told is not None:
        try:
            return Survey(from_text(told))
        except ValueError as error:
            raise ValueError(
                f"{CARDS_VARIABLE} is for the service's own processes: {error}"
            ) from None
    return look(nvml.open_library(), os.environ)


def counted_by_cuda(environment: Mapping[str, str]) -> list[str]:
    """The digits of every card's UUID in CUDA's own order, asked for in another process.

    Raises:
        CudaError: CUDA cannot be initialised.
    """
    variables = {name: value for name, value in environment.items() if name != VARIABLE}
    try:
        asked = subprocess.run(
            [sys.executable, "-I", "-S", str(ENUMERATION)],
            env=variables,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=ENUMERATION_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise CudaError(f"no answer within {ENUMERATION_SECONDS} s") from None
    if asked.returncode:
        raise CudaError(asked.stdout.strip() or f"it ended with status {asked.returncode}")
    return asked.stdout.split()


def look(
    library: ctypes.CDLL | None,
    environment: Mapping[str, str],
    counted: Callable[[Mapping[str, str]], Sequence[str]] = counted_by_cuda,
) -> Survey:
    """Find the cards of this machine and judge each of them.

    Args:
        library: NVIDIA's management library, if there is one.
        environment: whose CUDA_VISIBLE_DEVICES, CUDA_DEVICE_ORDER and MPS count.
        counted: see :func:`counted_by_cuda`.
    """
    if library is None:
        return Survey()
    try:
        cards, broken = nvml.read_cards(library)
    except nvml.NvmlError as error:
        return Survey(fault=f"the driver's {nvml.LIBRARY} says: {error}")
    left_out = [("NVIDIA", reason) for reason in broken]
    value = environment.get(VARIABLE)
    if not cards or (value is not None and value.strip() in ("", "-1")):
        hidden = f"{VARIABLE}={value!r} hides every card" if cards else None
        return Survey(left_out=tuple(left_out), fault=hidden)
    try:
        order = counted(environment)
    except CudaError as error:
        return Survey(left_out=tuple(left_out), fault=f"CUDA cannot be initialised: {error}")
    chosen = visible(cards, value, order)
    if not chosen:
        fault = f"{VARIABLE}={value!r} names no card of this machine"
        return Survey(left_out=tuple(left_out), fault=fault)
    fit = []
    for card in chosen:
        # Of the instances of MIG a process sees one, the first.
        unseen = card.parent is None and not card.divided and digits(card.uuid) not in order
        fault = fault_of(card, _has_mps(environment))
        if fault is None and unseen:
            fault = "CUDA does not see it, though the driver does"
        if fault is None:
            fit.append(card)
        else:
            left_out.append((str(card), fault))
    beside = left_out_beside(fit, named=value is not None)
    left_out += [(str(card), reason) for card, reason in beside.items()]
    return Survey(tuple(card for card in fit if card not in beside), tuple(left_out))


def used_memory(cards: Sequence[Card]) -> dict[Card, int]:
    """Bytes of each card that anybody has taken just now; nothing where the driver is silent."""
    library = nvml.open_library() if cards else None
    if library is None:
        return {}
    try:
        now = {card.uuid: card.memory - card.free for card in nvml.read_cards(library)[0]}
    except nvml.NvmlError:
        return {}
    return {card: now[card.uuid] for card in cards if card.uuid in now}


def take_card(cards: Sequence[Card], instance: str) -> Card | None:
    """Make one card the only one that this process sees, before it first speaks to CUDA.

    Args:
        cards: those that serve, none of them for a network that computes on the CPU.
        instance: the name of a model's instance, which ends in its number.
    """
    if not cards:
        os.environ[VARIABLE] = ""
        return None
    number = re.search(r"\d+$", instance)
    card = cards[int(number[0]) % len(cards) if number else 0]
    os.environ[VARIABLE] = card.uuid
    return card


def _has_mps(environment: Mapping[str, str]) -> bool:
    """Whether NVIDIA's Multi-Process Service runs, which is the one process of a card then."""
    return Path(environment.get("CUDA_MPS_PIPE_DIRECTORY") or MPS_PIPES, "control").exists()
