"""What the settings are that follow from the cards, where nobody sets them.

Nothing of this was measured on a card of ours.  The figures are faster-whisper's (its README, one
card, beam 5): large in float16 4.5 GB for one chunk and 6.1 GB for eight, in int8 2.9 and 4.5, so
0.22 GB for each further chunk.  turbo has the same encoder and 4 of 32 decoder layers: about 1.9
GB in int8 with four chunks.  Beside Whisper a card holds a context of each process (0.3 GB), the
speaker networks (1.0 and 0.8 GB) and, where words are timed by wav2vec2, 1.2 to 2.4 GB; each
further Whisper that is loaded 3.1 GB, each further wav2vec2 1.2 GB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.hardware.card import Card

TORCH_NEEDS = (7, 0)  # compute capability; its wheel has code for these and later


@dataclass(frozen=True)
class Defaults:
    """Of one kind of machine; every card of a machine has the same."""

    model: str  # Whisper of requests that name none
    compute_type: str  # CTranslate2's, of Whisper
    batch_size: int  # chunks that Whisper takes at once
    loaded_models: int  # Whispers, and alignment networks, in memory at once
    ctc: bool  # whether words are timed by wav2vec2, where there is one for the language
    speakers_on_card: bool  # segmentation and speaker embeddings; else in ONNX Runtime on the CPU
    torch_on_card: bool = True  # whether torch has code for the card
    proved: bool = True  # whether all libraries have code for it that their makers test


CPU = Defaults("base", "int8", 4, 3, ctc=False, speakers_on_card=False, torch_on_card=False)

# Of cards with so many GB and more. Drivers report up to 7 % less than is printed on the box.
BY_MEMORY = {
    # Whisper alone: 1.7 + 0.3.
    0.0: Defaults("turbo", "int8_float16", 2, 1, ctc=False, speakers_on_card=False),
    # 6 GB: 1.9 + 0.3 + 1.8.
    5.5: Defaults("turbo", "int8_float16", 4, 1, ctc=False, speakers_on_card=True),
    # 8 to 11 GB: 3.6 + 0.3 + 1.8.
    7.4: Defaults("large-v3", "int8_float16", 4, 1, ctc=False, speakers_on_card=True),
    # 12 GB: 6.1 + 0.3 + 1.8 + 2.4.
    11.2: Defaults("large-v3", "float16", 8, 1, ctc=True, speakers_on_card=True),
    # 16 GB: the same, and 4.3 for the second of each kind.
    15.4: Defaults("large-v3", "float16", 8, 2, ctc=True, speakers_on_card=True),
    # 24 GB: 10.6, and 8.6 for two more of each kind.
    21.5: Defaults("large-v3", "float16", 8, 3, ctc=True, speakers_on_card=True),
    # 40 GB and more: 11.5 for batches of 32, and the same beside it.
    37.0: Defaults("large-v3", "float16", 32, 3, ctc=True, speakers_on_card=True),
}
FLOAT16 = frozenset({"float16", "int8_float16"})
FLOAT32_BATCH = 4  # twice the memory of float16: 10.4 GB of large-v3


def defaults_for(cards: Sequence[Card]) -> Defaults:
    """What holds on these cards: what the least of them is good for. Without cards, on a CPU."""
    if not cards:
        return CPU
    least = min(card.gigabytes for card in cards)
    defaults = BY_MEMORY[max(memory for memory in BY_MEMORY if memory <= least)]
    types = supported_types(cards)
    if any(card.lacks_tensor_cores for card in cards):
        types -= FLOAT16  # the answer is «!!!!» with it, people report
    if defaults.compute_type not in types:
        compute_type = "int8_float32" if "int8_float32" in types else "float32"
        defaults = replace(defaults, compute_type=compute_type)
        if compute_type == "float32":
            defaults = replace(defaults, batch_size=min(defaults.batch_size, FLOAT32_BATCH))
    if min(card.capability for card in cards) < TORCH_NEEDS:
        without = {"ctc": False, "speakers_on_card": False, "torch_on_card": False}
        defaults = replace(defaults, **without, proved=False)
    return defaults


def supported_types(cards: Sequence[Card]) -> frozenset[str]:
    """CTranslate2's compute types that every card has; without cards, a CPU.

    As CTranslate2 4.8 decides it (src/types.cc, src/cuda/utils.cc).
    """
    if not cards:
        return frozenset({"int8", "int8_float32", "int16", "float32"})
    types = {"float32"}
    if all(card.capability == (6, 1) or card.capability >= (7, 0) for card in cards):
        types |= {"int8", "int8_float32"}
    if all(card.capability >= (7, 0) for card in cards):
        types |= FLOAT16
    if all(card.capability >= (8, 0) for card in cards):
        types |= {"bfloat16", "int8_bfloat16"}
    return frozenset(types)
