"""Steps: they hold no network, and one instance serves many requests at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import triton_python_backend_utils as pb_utils

from pipeline.options import Options
from pipeline.serving.failures import from_text, to_response
from pipeline.serving.tensors import array_tensor
from pipeline.settings import Settings, current_settings


class Step(ABC):
    """Base of a step's ``TritonPythonModel``.

    Each request runs in a thread of its own and is answered through its
    response sender, so ``execute`` returns at once and is called again.
    """

    REQUESTS = 64  # threads that wait for leaves cost little; the adapter limits requests earlier

    def initialize(self, args: dict[str, str]) -> None:
        """Prepare the step."""
        self._requests = ThreadPoolExecutor(self.REQUESTS, thread_name_prefix="request")
        self.load(current_settings())

    def load(self, settings: Settings) -> None:  # noqa: B027 - not every step keeps something
        """Prepare what the step keeps between requests."""

    @abstractmethod
    def answer(self, request: object, options: Options) -> list[pb_utils.Tensor]:
        """The output tensors for one request."""

    def execute(self, requests: Sequence[object]) -> None:
        """Triton's entry: hand each request to a thread."""
        for request in requests:
            self._requests.submit(self._respond, request, request.get_response_sender())

    def _respond(self, request: object, sender: object) -> None:
        # A sender that goes without sending leaves its client waiting for good.
        try:
            options = Options.from_parameters(request.parameters())
            options.check_deadline()
            response = pb_utils.InferenceResponse(output_tensors=self.answer(request, options))
        except BaseException as failure:
            response = to_response(failure)
        sender.send(response, flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)

    def finalize(self) -> None:
        """Let the threads go."""
        self._requests.shutdown(wait=False, cancel_futures=True)


def call_leaf(
    model: str,
    inputs: dict[str, np.ndarray],
    outputs: Sequence[str],
    options: Options,
) -> object:
    """Ask a leaf model about one piece and wait for its response.

    Raises:
        PipelineError: of the kind that the leaf reported.
    """
    options.check_deadline()
    response = pb_utils.InferenceRequest(
        model_name=model,
        requested_output_names=list(outputs),
        inputs=[array_tensor(name, array) for name, array in inputs.items()],
        parameters=options.to_parameters(),
    ).exec()
    if response.has_error():
        raise from_text(f"{model}: {response.error().message()}")
    return response
