"""Leaf models: they hold a network and answer a batch of small pieces at once."""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TypeVar

import triton_python_backend_utils as pb_utils

from pipeline.device_memory import give_device_memory_back
from pipeline.errors import Cancelled
from pipeline.hardware import Card, give_memory_back, take_card
from pipeline.hardware.failures import breaks_device
from pipeline.options import Options
from pipeline.predecessors import end_predecessors
from pipeline.serving.batches.faults import provoker
from pipeline.serving.batches.memory import MemoryLimits
from pipeline.serving.batches.streak import Streak
from pipeline.serving.batches.together import Together
from pipeline.serving.departures import DEPARTURES
from pipeline.serving.failures import to_response
from pipeline.serving.idle import WhenIdle
from pipeline.serving.metrics.meters import Meters
from pipeline.serving.metrics.of_leaves import FailureMeters, LeafMeters
from pipeline.serving.signals import PREPARE, SENT_NS, is_signal, parameters_of
from pipeline.serving.urgency import precedence_of
from pipeline.settings import Settings, current_settings
from pipeline.telemetry import logs, traces
from pipeline.utf8 import speak_utf8

KEY = "request_key"  # among the options of a piece: of the request that it is part of
Piece = TypeVar("Piece")
Answer = TypeVar("Answer")

logger = logging.getLogger(__name__)


class Leaf(ABC):
    """Base of a leaf's ``TritonPythonModel``: a failure of one piece stays its own.

    A subclass loads its network in :meth:`load` and answers in :meth:`infer`, by way of
    :meth:`together`.  A process whose card is broken, or that only fails, ends, and is started
    again by whoever watches it; the requests that it held are sent once more.
    """

    # Where there are few cores, what feeds the networks must not wait for them.
    NICENESS = 5

    def initialize(self, args: dict[str, str]) -> None:
        """Load the network on the card that is this instance's, or on the CPU."""
        speak_utf8()
        os.nice(self.NICENESS)
        self.instance = args["model_instance_name"]
        settings = current_settings()
        self._name = args["model_name"]
        # Before anything speaks to CUDA, which reads once which cards it may see.
        self.card = _take_card(args, settings)
        logs.configure(settings.log_format, settings.log_level, self._name)
        traces.configure(settings, self._name)
        if ended := end_predecessors():
            logger.warning("%s had left a process behind: %d", self.instance, ended)
        DEPARTURES.configure(settings)
        self._batch_seconds = settings.batch_timeout_seconds
        self._precedence = precedence_of(self._name, settings)
        self.meters = Meters(leaf=self._name, instance=self.instance)
        self._batches = LeafMeters(self.meters)
        failures = FailureMeters(self.meters)
        self._streak = Streak(failures.failed_batches, failures.failing_seconds)
        self._together = Together(
            MemoryLimits(failures.limit),
            self.make_room,
            failures.full,
            provoker(self._name, on_card=self.card is not None),
        )
        self.load(settings)
        self._idle = WhenIdle(self.make_room)

    @abstractmethod
    def load(self, settings: Settings) -> None:
        """Load the network."""

    @abstractmethod
    def infer(self, requests: Sequence[object]) -> list[list[pb_utils.Tensor] | Exception]:
        """Answer each request with its output tensors or with what went wrong with it."""

    def prepare(self, options: Options) -> None:  # noqa: B027 - most leaves have one network
        """Have the network ready that these options name.

        Raises:
            ModelLoading: it is not yet.
        """

    def together(
        self, infer: Callable[[Sequence[Piece]], list[Answer]], pieces: Sequence[Piece], network=""
    ) -> list[Answer | Exception]:
        """Infer pieces of a batch; see :class:`~pipeline.serving.batches.together.Together`.

        Args:
            infer: answers each of some pieces.
            pieces: of one network.
            network: its name, in a leaf that has several.
        """
        return self._together(infer, pieces, network or self._name)

    def make_room(self) -> None:
        """Give back the memory that is kept for later."""
        give_device_memory_back()
        give_memory_back()

    def execute(self, requests: Sequence[object]) -> list[pb_utils.InferenceResponse]:
        """Triton's entry: one batch, a response for each of its requests."""
        if self._precedence is not None:
            self._precedence.give_way()
        begun = time.monotonic()
        # What hangs for good becomes a death, which callers hear of and recovery mends.
        faulthandler.dump_traceback_later(self._batch_seconds, exit=True)
        try:
            answers = self._answer_batch(requests)
        finally:
            faulthandler.cancel_dump_traceback_later()
            self._idle.worked()
        self._end_if_broken(answers)
        self._trace(requests, answers, time.monotonic() - begun)
        self._tell(requests, answers, begun, time.monotonic() - begun)
        pairs = zip(requests, answers, strict=True)
        return [
            _refusal(request, answer)
            if isinstance(answer, Exception)
            else pb_utils.InferenceResponse(output_tensors=answer)
            for request, answer in pairs
        ]

    def _tell(
        self, requests: Sequence[object], answers: Sequence[object], begun: float, seconds: float
    ) -> None:
        known = [parameters_of(request) for request in requests]
        pairs = zip(known, answers, strict=True)
        pieces = [(each, answer) for each, answer in pairs if not is_signal(each)]
        sent = [each.get(SENT_NS) for each, answer in pieces if not isinstance(answer, Cancelled)]
        self._batches.drop(len(pieces) - len(sent))
        if sent:
            self._batches.batch([_since(at, begun) for at in sent], seconds)

    def _answer_batch(self, requests: Sequence[object]) -> list[list[pb_utils.Tensor] | Exception]:
        answers: list[list[pb_utils.Tensor] | Exception | None] = []
        for parameters in map(parameters_of, requests):
            if is_signal(parameters):
                answers.append(self._answer_signal(parameters))
            elif parameters.get(KEY) in DEPARTURES:
                answers.append(Cancelled("the caller has gone"))
            else:
                answers.append(None)
        wanted = [index for index, answer in enumerate(answers) if answer is None]
        try:
            inferred = self.infer([requests[index] for index in wanted]) if wanted else []
        except Exception as failure:
            inferred = [failure] * len(wanted)
        if self._streak.batch(inferred):
            self._end(f"nothing has been answered for a while, at last: {inferred[0]}")
        for index, answer in zip(wanted, inferred, strict=True):
            answers[index] = answer
        return answers

    def _end_if_broken(self, answers: Sequence[object]) -> None:
        for answer in answers:
            if isinstance(answer, Exception) and breaks_device(answer):
                self._end(f"the card is broken for it: {answer}")

    def _end(self, reason: str) -> None:
        logger.critical("this process ends, for another to go on: %s", reason)
        self.finalize()
        # Not by way of the libraries, which would ask the card once more and hang.
        os._exit(1)

    def _trace(self, requests: Sequence[object], answers: Sequence[object], since: float) -> None:
        if traces.are_told():
            parents = [parameters_of(request).get("traceparent") for request in requests]
            failures = [
                type(each).__name__ if isinstance(each, Exception) else None for each in answers
            ]
            traces.batch(self._name, parents, since, failures)

    def finalize(self) -> None:
        """Tell what has been done and was not told yet."""
        traces.flush()
        self.meters.close()

    def _answer_signal(self, signal: dict[str, object]) -> list[pb_utils.Tensor] | Exception:
        try:
            if PREPARE in signal:
                self.prepare(Options.from_parameters(json.dumps(signal)))
        except Exception as failure:
            return failure
        return []


def _take_card(args: dict[str, str], settings: Settings) -> Card | None:
    """The one card that this process sees from now on.

    Raises:
        RuntimeError: Triton has given it one, and opens a context on every card then.
    """
    if args["model_instance_kind"] == "GPU":
        raise RuntimeError(
            f"{args['model_name']}: its instances are KIND_CPU (config.pbtxt): each takes its "
            "card by itself, and Triton sees none"
        )
    return take_card(settings.cards_of(args["model_name"]), args["model_instance_name"])


def _since(sent_ns: object, now: float) -> float:
    """Seconds since a piece was sent; none where its caller does not say when that was."""
    return max(now - sent_ns / 1e9, 0.0) if isinstance(sent_ns, int) else 0.0


def _refusal(request: object, failure: Exception) -> pb_utils.InferenceResponse:
    with logs.on_behalf_of(parameters_of(request).get("request_id")):
        return to_response(failure)
