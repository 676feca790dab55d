"""Whether a card can serve, and what keeps it from that, in a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.hardware.card import Card
from pipeline.hardware.defaults import TORCH_NEEDS, defaults_for

WHISPER_NEEDS = (6, 0)  # CTranslate2's wheel has code for these and later
# For these CTranslate2's wheel has PTX of CUDA 12.8 and nothing else, which the driver compiles.
COMPILED_FROM = (9, 0)
DRIVER_THAT_COMPILES = (570,)
# What any program of CUDA 12 needs: https://docs.nvidia.com/deploy/cuda-compatibility/
OLDEST_DRIVER = (525, 60, 13)
LEAST_MEMORY = 2.8  # GB: Whisper turbo in int8 takes about 2.2 with its context


def fault_of(card: Card, has_mps: bool = False) -> str | None:
    """Why a card cannot serve; None if it can.

    Args:
        has_mps: NVIDIA's Multi-Process Service runs.
    """
    capability = f"{card.capability[0]}.{card.capability[1]}"
    if card.divided:
        return (
            "MIG is on and it has no instance; make some (nvidia-smi mig -cgi … -C), or switch "
            "MIG off (nvidia-smi -mig 0)"
        )
    if card.capability < WHISPER_NEEDS:
        return f"its compute capability is {capability}, and Whisper needs 6.0 (GeForce GTX 1000)"
    if card.capability >= COMPILED_FROM and card.driver_release < DRIVER_THAT_COMPILES:
        return (
            f"a card of compute capability {capability} needs driver 570 or later, which compiles "
            f"for it, and this one is {card.driver}; update the driver"
        )
    if card.driver_release < OLDEST_DRIVER:
        return f"CUDA 12 needs driver 525.60.13 or later, and this one is {card.driver}; update it"
    if card.compute_mode == "prohibited":
        return (
            "its compute mode lets nobody compute; set it with nvidia-smi -i "
            f"{card.parent or card.uuid} -c DEFAULT"
        )
    if card.compute_mode != "default" and not has_mps:
        return (
            "its compute mode EXCLUSIVE_PROCESS lets one process in, and a process of each network "
            f"is due; set it with nvidia-smi -i {card.parent or card.uuid} -c DEFAULT, or start "
            "NVIDIA's Multi-Process Service (nvidia-cuda-mps-control -d)"
        )
    if card.gigabytes < LEAST_MEMORY:
        return f"it has {card.gigabytes:.1f} GB, and the smallest Whisper for cards needs 3"
    return None


def left_out_beside(cards: Sequence[Card], named: bool) -> dict[Card, str]:
    """Cards that could serve and had better not, beside better ones, and why.

    All cards run the same Whisper, so the least of them decides which one.

    Args:
        cards: each of which can serve.
        named: the operator names them in CUDA_VISIBLE_DEVICES, and shall have them.
    """
    if named or not cards:
        return {}
    best = max(cards, key=lambda card: (card.capability >= TORCH_NEEDS, card.memory))
    whisper = _whisper_on(best)
    return {
        card: (
            f"with it all cards would run Whisper {_whisper_on(card)}, and {best.name} is good for "
            f"{whisper}; CUDA_VISIBLE_DEVICES can name both"
        )
        for card in cards
        if _whisper_on(card) != whisper
    }


def _whisper_on(card: Card) -> str:
    defaults = defaults_for([card])
    return f"{defaults.model} in {defaults.compute_type}"
