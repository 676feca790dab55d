"""Which cards the operator lets this service see: CUDA_VISIBLE_DEVICES, as CUDA reads it.

https://docs.nvidia.com/cuda/cuda-c-programming-guide/ (CUDA environment variables): numbers in
CUDA's own order, which CUDA_DEVICE_ORDER changes, beginnings of UUIDs, instances of MIG; what
cannot be read ends the list.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.hardware.card import Card

VARIABLE = "CUDA_VISIBLE_DEVICES"
# MIG-GPU-<uuid>/<GPU instance>/<compute instance>, as drivers before 470 named instances
OLD_INSTANCE = re.compile(r"MIG-(GPU-[0-9a-f-]+)/(\d+)/(\d+)", re.IGNORECASE)


def visible(cards: Sequence[Card], value: str | None, counted: Sequence[str]) -> list[Card]:
    """The cards that a value of the variable leaves, in its order.

    Args:
        cards: of the machine.
        value: of the variable, None where it is not set.
        counted: the digits of UUIDs in the order in which CUDA counts when it sees all cards.
    """
    if value is None:
        return list(cards)
    chosen: dict[str, Card] = {}
    for entry in value.split(","):
        meant = _meant(cards, entry.strip(), counted)
        if not meant:
            break
        chosen.update((card.uuid, card) for card in meant)
    return list(chosen.values())


def digits(uuid: str) -> str:
    """The digits of a UUID, as CUDA gives them: without a kind and dashes."""
    return uuid.rpartition("GPU-")[2].rpartition("MIG-")[2].replace("-", "").lower()


def _meant(cards: Sequence[Card], entry: str, counted: Sequence[str]) -> list[Card]:
    if entry.isdecimal():
        uuid = counted[int(entry)] if int(entry) < len(counted) else None
        return [card for card in cards if digits(card.uuid) == uuid]
    if old := OLD_INSTANCE.fullmatch(entry):
        place = int(old[2]), int(old[3])
        return [
            card
            for card in cards
            if card.instances == place and (card.parent or "").lower() == old[1].lower()
        ]
    if not entry.upper().startswith(("GPU-", "MIG-")):
        return []
    named = [
        card
        for card in cards
        if any(uuid and uuid.lower().startswith(entry.lower()) for uuid in (card.uuid, card.parent))
    ]
    # A beginning that two cards share names none; the instances of one card have one parent.
    return named if len({card.parent or card.uuid for card in named}) == 1 else []
