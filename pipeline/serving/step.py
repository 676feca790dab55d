"""Steps: they hold no network, and one instance serves many requests at once."""

from __future__ import annotations

import json
import logging
import math
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import triton_python_backend_utils as pb_utils

from pipeline.errors import (
    Cancelled,
    DeadlineExceeded,
    InvalidRequest,
    ModelLoading,
    forget_frames,
)
from pipeline.kept_answers.keeper import KEEPER
from pipeline.kept_answers.keeper import OUTCOMES as OUTCOMES_OF_KEEPER
from pipeline.options import Options
from pipeline.serving.departures import DEPARTURES
from pipeline.serving.failures import (
    ANSWERED,
    FAILED,
    OUTCOMES,
    check_inputs,
    from_text,
    outcome_of,
    to_documents,
    to_response,
)
from pipeline.serving.idle import WhenIdle
from pipeline.serving.metrics.meters import Meters
from pipeline.serving.metrics.of_steps import KeptAnswerMeters, StepMeters, TurnMeters
from pipeline.serving.requests_in_flight import IN_FLIGHT, RequestInFlight
from pipeline.serving.sibling_steps import SiblingSteps
from pipeline.serving.signals import CANCEL, PROGRESS, SENT_NS, signal_of
from pipeline.serving.tensors import array_tensor
from pipeline.settings import Settings, current_settings
from pipeline.telemetry import logs, traces
from pipeline.utf8 import speak_utf8

Result = TypeVar("Result")

DOCUMENT = "TYPE_UINT8"  # of a tensor that holds one
TOLD_ALL = (Cancelled, DeadlineExceeded)  # whoever leaves tells each step; all have the deadline
ASKING = ("transcription", "diarization")  # steps that ask leaves for most recordings
ASK_AGAIN_SECONDS = 0.5  # while a leaf loads a network

logger = logging.getLogger(__name__)


class Step(ABC):
    """Base of a step's ``TritonPythonModel``.

    Each request runs in a thread of its own and is answered through its
    response sender, so ``execute`` returns at once and is called again.
    """

    REQUESTS = 64  # at once, or as many as the adapter lets in; more are refused
    # An error of its own ends the graph: the others must have done with the recording by then.
    IS_LAST = False

    def initialize(self, args: dict[str, str]) -> None:
        """Prepare the step."""
        speak_utf8()
        settings = current_settings()
        self._name = args["model_name"]
        logs.configure(settings.log_format, settings.log_level, self._name)
        traces.configure(settings, self._name)
        self._most = max(self.REQUESTS, settings.max_requests + settings.max_jobs)
        # Threads that wait for leaves cost little.
        self._threads = ThreadPoolExecutor(self._most, thread_name_prefix="request")
        config = json.loads(args["model_config"])
        self._outputs = [output["name"] for output in config["output"]]
        self._documents = [
            tensor["name"] for tensor in config["input"] if tensor["data_type"] == DOCUMENT
        ]
        self._siblings = SiblingSteps(self._name)
        self.meters = Meters(step=self._name)
        outcomes = dict.fromkeys((ANSWERED, FAILED, *OUTCOMES.values()))
        self._requests = StepMeters(self.meters, tuple(outcomes))
        DEPARTURES.configure(settings)
        KEEPER.configure(settings)
        if args["model_name"] in ASKING:
            KEEPER.tell = KeptAnswerMeters(self.meters, OUTCOMES_OF_KEEPER)
            KEEPER.start()
        self.load(settings)
        self._idle = WhenIdle()

    def load(self, settings: Settings) -> None:  # noqa: B027 - not every step keeps something
        """Prepare what the step keeps between requests."""

    def turns(self, leaf: str) -> TurnMeters:
        """What a fan-out to this leaf tells of its pieces."""
        return TurnMeters(self.meters, leaf)

    @abstractmethod
    def answer(self, request: object, options: Options) -> list[pb_utils.Tensor]:
        """The output tensors for one request."""

    def execute(self, requests: Sequence[object]) -> None:
        """Triton's entry: hand each request to a thread, and answer signals at once."""
        for request in requests:
            sender = request.get_response_sender()
            signal = signal_of(request)
            if signal is None:
                self._take_on(request, sender)
                continue
            tensors = []
            if key := signal.get(CANCEL):
                IN_FLIGHT.cancel(str(key))
            if key := signal.get(PROGRESS):
                tensors = [self._progress(str(key))]
            _send(sender, pb_utils.InferenceResponse(output_tensors=tensors))

    def _progress(self, key: str) -> pb_utils.Tensor:
        """How far a request is, in the tensor of the step's first output."""
        told = json.dumps({"reached": IN_FLIGHT.reached(key)}).encode()
        return array_tensor(self._outputs[0], np.frombuffer(bytearray(told), np.uint8)[None])

    def _take_on(self, request: object, sender: object) -> None:
        key = None
        try:
            check_inputs(request, self._documents)
            options = Options.from_parameters(request.parameters())
            key = options.request_key
            options = options.model_copy(update={"request_key": key or uuid.uuid4().hex})
            IN_FLIGHT.start(request, options, self._most)
        except Exception as failure:
            _send(sender, self.tell(failure))
            self._requests.ended(outcome_of(failure), 0.0)
            # Another request's key is not to be cancelled.
            if key and not isinstance(failure, InvalidRequest):
                self._siblings.cancel(key)
        else:
            self._threads.submit(self._work, request, sender, options)

    def _work(self, request: object, sender: object, options: Options) -> None:
        with logs.on_behalf_of(options.request_id):
            if options.traceparent:
                in_flight = IN_FLIGHT.of(options)
                in_flight.span = traces.begin(
                    self._name, options.traceparent, since=time.monotonic() - in_flight.arrived
                )
                # The leaves' batches are parts of what this step does.
                whose = {"traceparent": in_flight.span.traceparent}
                options = options.model_copy(update=whose)
            self.respond(request, sender, options)

    def tell(self, failure: BaseException) -> pb_utils.InferenceResponse:
        """The response of a request that failed."""
        return to_response(failure) if self.IS_LAST else to_documents(failure, self._outputs)

    def respond(self, request: object, sender: object, options: Options) -> None:
        """Answer one request, whatever happens."""
        # A sender that goes without sending leaves its client waiting for good.
        in_flight, ended_by = IN_FLIGHT.of(options), None
        try:
            in_flight.check()
            response = pb_utils.InferenceResponse(output_tensors=self.answer(request, options))
        except BaseException as failure:
            ended_by = failure
            response = self.tell(failure)
            forget_frames(failure)
            if not isinstance(failure, TOLD_ALL):
                self._siblings.cancel(options.request_key)
        in_flight.span.end(type(ended_by).__name__ if ended_by else None)  # within its caller's
        IN_FLIGHT.end(options)
        _send(sender, response)
        self.ended(in_flight, ended_by)

    def ended(self, in_flight: RequestInFlight, failure: BaseException | None) -> None:
        """Tell of a request that has been answered, or has failed."""
        outcome, seconds = outcome_of(failure), in_flight.seconds
        self._requests.ended(outcome, seconds)
        logger.info("request", extra={"fields": {"outcome": outcome, "seconds": seconds}})
        self._idle.worked()

    def finalize(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._siblings.close()
        traces.flush()
        self.meters.close()


def _send(sender: object, response: pb_utils.InferenceResponse) -> None:
    sender.send(response, flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)


def call_leaf(
    model: str,
    inputs: dict[str, np.ndarray],
    outputs: Sequence[str],
    options: Options,
    **more: str | int | bool,
) -> object:
    """Ask a leaf model about one piece and wait for its response.

    A call has no timeout of its own (Triton's ``timeout`` bounds the time in the
    leaf's queue only): make it in a piece (:mod:`pipeline.serving.requests_in_flight`), whose
    answer is waited for no longer than its deadline.

    Args:
        model: the leaf.
        inputs: arrays by the tensors' names.
        outputs: the tensors that are wanted.
        options: the request's; they travel on as parameters.
        more: further parameters.

    Raises:
        Cancelled, DeadlineExceeded: nobody waits for the answer any more.
        PipelineError: of the kind that the leaf reported.
    """
    IN_FLIGHT.of(options).check()
    response = pb_utils.InferenceRequest(
        model_name=model,
        requested_output_names=list(outputs),
        inputs=[array_tensor(name, array) for name, array in inputs.items()],
        parameters={**options.for_a_piece().to_parameters(), SENT_NS: time.monotonic_ns(), **more},
    ).exec()
    if response.has_error():
        raise from_text(f"{model}: {response.error().message()}")
    return response


def when_loaded(options: Options, attempt: Callable[[], Result]) -> Result:
    """Make an attempt again for as long as the leaf is loading the network that it needs.

    Raises:
        ModelLoading: it still is when the request's patience ends.
    """
    begin = time.monotonic()
    while True:
        try:
            return attempt()
        except ModelLoading:
            if (time.monotonic() - begin) * 1e3 > (options.patience_ms or math.inf):
                raise
            IN_FLIGHT.of(options).pause(ASK_AGAIN_SECONDS)
