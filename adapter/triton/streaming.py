"""A transcript while it is being made: its segments as they come, over a gRPC stream."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import grpc
from pydantic import ValidationError
from tritonclient.grpc import InferInput
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from adapter.triton.failures import from_triton
from documents import Segment, Transcript
from pipeline.errors import PipelineError
from pipeline.options import Options

MODEL = "transcription_stream"
OUTPUT = "SEGMENTS"

OnSegment = Callable[[Transcript], None]  # is given each part as soon as it is there


async def stream_segments(
    client: InferenceServerClient,
    audio: InferInput,
    options: Options,
    on_segment: OnSegment,
    seconds: float,
) -> Transcript:
    """Have a recording transcribed by ``transcription_stream``.

    Args:
        audio: INT16 [1, N] at 16 kHz.
        on_segment: called with a transcript of one segment, in order.
        seconds: until the stream is given up.

    Returns:
        The whole transcript.

    Raises:
        PipelineError: of the kind that says what went wrong.
    """

    async def request() -> AsyncIterator[dict[str, object]]:
        yield {"model_name": MODEL, "inputs": [audio], "parameters": options.to_parameters()}

    segments: list[Segment] = []
    part: Transcript | None = None
    failure: PipelineError | None = None
    responses = client.stream_infer(request(), stream_timeout=seconds)
    try:
        async for result, error in responses:
            # After a failure the stream is still read to its end: see departures.
            if error is not None:
                failure = from_triton(error)
            if failure is not None:
                continue
            part = Transcript.model_validate_json(result.as_numpy(OUTPUT).tobytes())
            if part.segments:
                segments += part.segments
                on_segment(part)
    except grpc.RpcError as error:
        raise from_triton(InferenceServerException(error.details(), str(error.code()))) from None
    except ValidationError as error:
        raise PipelineError(f"Triton's answer is no transcript: {error}") from None
    finally:
        responses.cancel()
    if failure is not None:
        raise failure
    if part is None:
        raise PipelineError("Triton has ended the stream without an answer")
    return part.model_copy(update={"segments": segments})


async def partial_transcripts(
    work: Callable[[OnSegment], Awaitable[object]],
) -> AsyncIterator[Transcript]:
    """The segments that some work comes to, while it works; closing this cancels it.

    Raises:
        PipelineError: the work failed, with what went wrong.
    """
    queue: asyncio.Queue[Transcript | None] = asyncio.Queue()
    task = asyncio.ensure_future(work(queue.put_nowait))
    task.add_done_callback(lambda _: queue.put_nowait(None))
    last_start = -1.0
    try:
        while (part := await queue.get()) is not None:
            # What is sent to Triton once more, after a death, is heard from its start again.
            if part.segments and part.segments[0].start > last_start:
                last_start = part.segments[0].start
                yield part
        await task
    finally:
        task.cancel()
        await asyncio.wait([task])
