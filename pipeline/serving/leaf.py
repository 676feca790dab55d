"""Leaf models: they hold a network and answer a batch of small pieces at once."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TypeVar

import triton_python_backend_utils as pb_utils

from pipeline.serving.failures import to_response
from pipeline.serving.urgency import precedence_of
from pipeline.settings import Settings, current_settings

Piece = TypeVar("Piece")
Answer = TypeVar("Answer")


class Leaf(ABC):
    """Base of a leaf's ``TritonPythonModel``: a failure of one piece stays its own.

    A subclass loads its network in :meth:`load` and answers in :meth:`infer`.
    """

    # Where there are few cores, what feeds the networks must not wait for them.
    NICENESS = 5

    def initialize(self, args: dict[str, str]) -> None:
        """Load the network on the device that Triton chose for this instance."""
        os.nice(self.NICENESS)
        on_gpu = args["model_instance_kind"] == "GPU"
        self.device_index = int(args["model_instance_device_id"]) if on_gpu else 0
        settings = current_settings()
        self._precedence = precedence_of(args["model_name"], settings)
        self.load(settings)

    @abstractmethod
    def load(self, settings: Settings) -> None:
        """Load the network."""

    @abstractmethod
    def infer(self, requests: Sequence[object]) -> list[list[pb_utils.Tensor] | Exception]:
        """Answer each request with its output tensors or with what went wrong with it."""

    def execute(self, requests: Sequence[object]) -> list[pb_utils.InferenceResponse]:
        """Triton's entry: one batch, a response for each of its requests."""
        try:
            if self._precedence is not None:
                self._precedence.give_way()
            answers = self.infer(requests)
        except Exception as failure:
            answers = [failure] * len(requests)
        return [
            to_response(answer)
            if isinstance(answer, Exception)
            else pb_utils.InferenceResponse(output_tensors=answer)
            for answer in answers
        ]


def together_or_alone(
    infer: Callable[[Sequence[Piece]], list[Answer]], pieces: Sequence[Piece]
) -> list[Answer | Exception]:
    """Infer a batch; if it fails, each piece by itself, so that only the culprit's answer does."""
    try:
        return infer(pieces)
    except Exception as failure:
        if len(pieces) == 1:
            return [failure]
        return [together_or_alone(infer, [piece])[0] for piece in pieces]
