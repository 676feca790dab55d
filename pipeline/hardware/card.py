"""One NVIDIA card, or one instance of a card that MIG divides: what its driver says of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

GB = 1024**3  # as cards are sold

# nvmlComputeMode_t, whose second one no driver of the last ten years offers.
COMPUTE_MODES = ("default", "exclusive_thread", "prohibited", "exclusive_process")

# TU116 and TU117, the chips of capability 7.5 without tensor cores, by the names they are sold as.
WITHOUT_TENSOR_CORES = re.compile(
    r"\b(GTX 16\d\d|MX[45]50|CMP 30HX|T400|T500|T550|T600|T1000|T1200|T2000)\b"
)


@dataclass(frozen=True)
class Card:
    """Facts of a card, none of which needs a CUDA context.

    ``uuid`` is what CUDA_VISIBLE_DEVICES takes: ``GPU-…``, and ``MIG-…`` for an instance.
    """

    uuid: str
    name: str
    capability: tuple[int, int]  # compute capability, as in 8, 6
    memory: int  # bytes in all
    free: int  # bytes, when it was looked at
    driver: str  # version, as in 570.86.15
    compute_mode: str = "default"
    parent: str | None = None  # uuid of the card that this instance is a part of
    instances: tuple[int, int] | None = None  # its GPU instance and compute instance
    divided: bool = False  # by MIG, into instances, of which none is there

    @property
    def driver_release(self) -> tuple[int, ...]:
        """The driver's version in numbers that compare."""
        return tuple(int(part) for part in self.driver.split(".") if part.isdigit())

    @property
    def lacks_tensor_cores(self) -> bool:
        """Whether it is one of the chips of Turing on which float16 is reported to fail."""
        return self.capability == (7, 5) and bool(WITHOUT_TENSOR_CORES.search(self.name))

    @property
    def gigabytes(self) -> float:
        """Its memory as it is sold: what drivers and ECC keep for themselves is small."""
        return self.memory / GB

    def __str__(self) -> str:
        """Its name, and what tells it from another of the same name."""
        return f"{self.name} ({self.uuid[:12]}…)" if len(self.uuid) > 12 else self.name


def to_text(cards: Iterable[Card]) -> str:
    """Cards as a variable's value, for processes that shall see the same ones."""
    return json.dumps([asdict(card) for card in cards])


def from_text(text: str) -> tuple[Card, ...]:
    """The cards of :func:`to_text`.

    Raises:
        ValueError: it is no such text.
    """
    try:
        read = [Card(**fields) for fields in json.loads(text)]
        return tuple(
            replace(
                card,
                capability=tuple(card.capability),
                instances=card.instances and tuple(card.instances),
            )
            for card in read
        )
    except TypeError as error:
        raise ValueError(str(error)) from None
