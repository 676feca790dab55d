"""Steps that answer one request in parts: decoupled models, outside of the ensemble."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import closing

import triton_python_backend_utils as pb_utils

from pipeline.options import Options
from pipeline.serving.failures import to_response
from pipeline.serving.requests_in_flight import IN_FLIGHT
from pipeline.serving.step import Step


class StreamingStep(Step):
    """Base of a decoupled step's ``TritonPythonModel``; parts are sent as they come."""

    IS_LAST = True

    @abstractmethod
    def answer(self, request: object, options: Options) -> Iterator[list[pb_utils.Tensor]]:
        """The output tensors of one response after the other; a generator.

        It is closed as soon as a part is there that nobody waits for any more.
        """

    def respond(self, request: object, sender: object, options: Options) -> None:
        """Answer one request part by part, whatever happens."""
        failure = None
        in_flight = IN_FLIGHT.of(options)
        try:
            in_flight.check()
            with closing(self.answer(request, options)) as parts:
                for tensors in parts:
                    in_flight.check()
                    sender.send(pb_utils.InferenceResponse(output_tensors=tensors))
        except BaseException as error:
            failure = error
        in_flight.span.end(type(failure).__name__ if failure else None)
        IN_FLIGHT.end(options)
        try:
            if failure is not None:
                sender.send(to_response(failure))
        finally:
            # Without it the client waits for another part for good.
            sender.send(flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)
            self.ended(in_flight, failure)
