"""The pieces of a batch, computed together as far as that goes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from pipeline.errors import OutOfMemory, forget_frames
from pipeline.hardware import give_memory_back
from pipeline.hardware.failures import breaks_device, is_out_of_memory
from pipeline.serving.batches.memory import MemoryLimits

Piece = TypeVar("Piece")
Answer = TypeVar("Answer")
Infer = Callable[[Sequence[Piece]], list[Answer]]

logger = logging.getLogger(__name__)


def _undisturbed(pieces: int) -> None:
    pass


class Together:
    """Computes batches of one leaf, so that only a culprit's answer fails."""

    def __init__(
        self,
        limits: MemoryLimits,
        make_room: Callable[[], None] = give_memory_back,
        on_full: Callable[[], None] = lambda: None,
        before: Callable[[int], None] = _undisturbed,
    ) -> None:
        """Args:
        limits: where what is found out is kept.
        make_room: gives back what is kept for nobody, on the card too.
        on_full: told each time that there was no memory.
        before: called with the number of pieces before they are computed; may fail like that.
        """
        self._limits, self._make_room, self._on_full = limits, make_room, on_full
        self._before = before

    def __call__(
        self, infer: Infer, pieces: Sequence[Piece], network: str
    ) -> list[Answer | Exception]:
        """Infer a batch: in parts if it does not fit into memory, piece by piece if it fails.

        Args:
            infer: answers each of some pieces.
            pieces: of the batch.
            network: whose memory it is about.

        Returns:
            An answer for each piece, or what it failed with: :class:`OutOfMemory` if there is
            no room for it alone.

        Raises:
            Exception: the device is broken, for all of them and for all that come.
        """
        answers: list[Answer | Exception] = []
        while len(answers) < len(pieces):
            rest = pieces[len(answers) :]
            part = rest[: self._limits.of(network, len(rest))]
            try:
                self._before(len(part))
                answers += infer(part)
            except Exception as failure:
                if breaks_device(failure):
                    raise
                if is_out_of_memory(failure):
                    answers += self._find_room(failure, part, network)
                elif len(part) == 1:
                    answers.append(failure)
                else:
                    logger.warning("%s: a batch failed, each piece is tried alone", network)
                    for piece in part:
                        answers += self(infer, [piece], network)
        return answers

    def _find_room(
        self, failure: Exception, part: Sequence[Piece], network: str
    ) -> list[OutOfMemory]:
        """Note that these did not fit; what is to be told of them, if there is no way."""
        self._on_full()
        forget_frames(failure)  # which hold what took the memory
        self._make_room()
        if len(part) > 1:
            self._limits.lower(network, len(part))
            return []
        logger.error("%s: no memory for a single piece: %s", network, failure)
        return [OutOfMemory(f"there is no memory for a piece of the recording in {network}")]
