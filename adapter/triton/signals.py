"""Requests to single models that carry no work: «is anybody there?», «nobody waits», «how far?»."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence

import grpc
import numpy as np
from tritonclient.grpc import InferInput, InferRequestedOutput, InferResult
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.grpc.model_config_pb2 import DataType
from tritonclient.utils import InferenceServerException, triton_to_np_dtype

from adapter.triton.departures import DEPARTURE_SECONDS, Departures

CALL_SECONDS = 5.0  # for questions that Triton answers at once, however busy it is
TIME_IS_UP = "StatusCode.DEADLINE_EXCEEDED"


class Signals:
    """To the models of one Triton; see :mod:`pipeline.serving.signals` for what they mean."""

    def __init__(
        self, client: InferenceServerClient, steps: Sequence[str], streams: Sequence[str] = ()
    ) -> None:
        """Args:
        steps: to be told that nobody waits.
        streams: those of them that are decoupled: only a stream reaches them.
        """
        self._client = client
        self._steps = steps
        self._streams = streams
        self._inputs: dict[str, list[InferInput]] = {}
        self._outputs: dict[str, str] = {}  # the first one of each
        self._sending: set[asyncio.Task[None]] = set()
        self._departures = Departures()

    def cancel(self, key: str, is_stream: bool = False) -> None:
        """Tell every step that nobody waits for this request any more; returns at once."""
        tell = self._tell_stream if is_stream else self._tell
        for step in self._streams if is_stream else self._steps:
            task = asyncio.create_task(tell(step, key))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _tell(self, step: str, key: str) -> None:
        # A step that cannot be told ends the request at its deadline.
        with contextlib.suppress(InferenceServerException):
            await self._send(step, CALL_SECONDS, cancel=key)

    async def _tell_stream(self, step: str, key: str) -> None:
        async def request() -> AsyncIterator[dict[str, object]]:
            inputs = await self._zeros_for(step)
            yield {"model_name": step, "inputs": inputs, "parameters": {"cancel": key}}

        with contextlib.suppress(InferenceServerException, grpc.RpcError):
            async for _ in self._client.stream_infer(request(), stream_timeout=DEPARTURE_SECONDS):
                pass

    async def probe(self, model: str, seconds: float) -> None:
        """Have a model answer.

        Raises:
            InferenceServerException: it did not within so many seconds, or its process is dead.
        """
        await self._send(model, seconds, probe=True)

    async def reached(self, step: str, key: str) -> float | None:
        """Seconds of a recording that a step has done; None if it does not have the request.

        Raises:
            InferenceServerException: it cannot be asked.
        """
        answer = await self._send(step, CALL_SECONDS, progress=key)
        told = json.loads(answer.as_numpy(self._outputs[step]).tobytes())
        return told["reached"]

    async def close(self) -> None:
        """Wait for what is being sent: seconds at the most."""
        if self._sending:
            await asyncio.wait(self._sending)
        await self._departures.close()

    async def _send(self, model: str, seconds: float, **parameters: str | bool) -> InferResult:
        inputs = await self._zeros_for(model)
        asked = [InferRequestedOutput(self._outputs[model])] if "progress" in parameters else None
        call = asyncio.ensure_future(
            self._client.infer(
                *(model, inputs),
                outputs=asked,
                parameters=parameters,
                client_timeout=seconds + DEPARTURE_SECONDS,
            )
        )
        try:
            await asyncio.wait([call], timeout=seconds)
            if not call.done():
                raise InferenceServerException("no answer in time", TIME_IS_UP)
            return call.result()
        finally:
            self._departures.leave(call)

    async def _zeros_for(self, model: str) -> list[InferInput]:
        if model not in self._inputs:
            self._inputs[model] = await self._zeros(model)
        return self._inputs[model]

    async def _zeros(self, model: str) -> list[InferInput]:
        """The smallest input that Triton lets through to the model."""
        answer = await self._client.get_model_config(model, client_timeout=CALL_SECONDS)
        inputs = []
        self._outputs[model] = answer.config.output[0].name
        for tensor in answer.config.input:
            shape = [max(size, 1) for size in tensor.dims]
            if answer.config.max_batch_size:
                shape.insert(0, 1)
            kind = DataType.Name(tensor.data_type).removeprefix("TYPE_")
            zeros = InferInput(tensor.name, shape, kind)
            zeros.set_data_from_numpy(np.zeros(shape, triton_to_np_dtype(kind)))
            inputs.append(zeros)
        return inputs
