"""The graph behind one call: a recording goes in, a transcript comes out."""

import asyncio
import logging
import uuid
from collections.abc import Sequence
from functools import partial

from pydantic import ValidationError
from tritonclient.grpc import InferInput, InferRequestedOutput
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from adapter.intake.recording import UNLOCKED_SECONDS, Recording, sweep
from adapter.telemetry.record import current
from adapter.triton.departures import DEPARTURE_SECONDS, Departures
from adapter.triton.failures import (
    Interrupted,
    NotAdmitted,
    Unreachable,
    from_step,
    from_triton,
)
from adapter.triton.metrics_page import MetricsPage
from adapter.triton.persistence import Persistence
from adapter.triton.recovery import ENSEMBLE, STEPS, STREAMS, Recovery
from adapter.triton.secret import TritonSecret
from adapter.triton.server_liveness import ServerLiveness
from adapter.triton.shared_memory import AudioRegions
from adapter.triton.signals import CALL_SECONDS, Signals
from adapter.triton.streaming import OnSegment, stream_segments
from adapter.waiting.patience import Patience
from documents import StepFailed, Transcript, Turns
from pipeline.errors import DeadlineExceeded, PipelineError
from pipeline.options import Options
from pipeline.settings import Settings

LARGEST_MESSAGE = 2**31 - 1  # bytes; 18 hours of audio
CHANNEL = [
    ("grpc.max_send_message_length", LARGEST_MESSAGE),
    ("grpc.max_receive_message_length", LARGEST_MESSAGE),
    # Its default grows to two minutes, for which a Triton that is back would seem gone.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2000),
]
# What an adapter left that was killed a moment ago is still too new when the next one starts.
SWEEP_SECONDS = UNLOCKED_SECONDS + 5.0
GRACE_SECONDS = 5.0  # for the graph to say itself that a deadline has passed

logger = logging.getLogger(__name__)


class Engine:
    """Triton's ensemble ``asr`` over gRPC; to be made and used in one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._address = f"{settings.triton_host}:{settings.triton_grpc_port}"
        host, port = settings.triton_host, settings.triton_metrics_port
        self._page = MetricsPage(f"http://{host}:{port}/metrics")
        secret = TritonSecret(settings.triton_grpc_port, settings.given_triton_secret)
        self._client = InferenceServerClient(self._address, channel_args=CHANNEL)
        self._client.register_plugin(secret)
        self._signals = Signals(self._client, STEPS, STREAMS)
        self._recovery = Recovery(self._client, secret, self._signals)
        self._server_liveness = ServerLiveness(self._client, secret)
        self._audio_regions = AudioRegions(self._client, settings.triton_shared_memory)
        self._departures = Departures()
        self._watches: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Engine":
        await self._sweep()
        self._watches = [
            asyncio.create_task(watch())
            for watch in (self._recovery.watch, self._server_liveness.watch, self._keep_tidy)
        ]
        return self

    async def __aexit__(self, *exception: object) -> None:
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        self._recovery.close()
        await self._signals.close()
        await self._departures.close()
        await self._audio_regions.close()
        await self._page.close()
        await self._client.close()

    async def _keep_tidy(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            await self._sweep()

    async def _sweep(self) -> None:
        await asyncio.to_thread(sweep)
        await self._audio_regions.sweep()

    def recoveries(self) -> dict[str, dict[str, int]]:
        """What has become of models, see :meth:`Recovery.tally`."""
        return self._recovery.tally()

    @property
    def shares_memory(self) -> bool:
        """Whether recordings for this engine should lie in shared memory."""
        return self._audio_regions.shares

    async def reached(self, key: str, steps: Sequence[str]) -> dict[str, float | None]:
        """Seconds of a recording that each step has done; None where it does not have it (now).

        Args:
            key: of the request, as its record has it.
        """
        asked = (self._signals.reached(step, key) for step in steps)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        return {
            step: None if isinstance(answer, BaseException) else answer
            for step, answer in zip(steps, answers, strict=True)
        }

    async def describe(self) -> dict[str, object]:
        """``device``, ``default_model``, ``diarization`` and ``loaded_models``.

        They are those of Triton's machine, which may be another.
        ``loaded_models`` is None where nobody can tell.

        Raises:
            Unreachable: Triton does not answer, or has no model ``whisper``.
        """
        try:
            answer = await self._client.get_model_config("whisper", client_timeout=CALL_SECONDS)
        except InferenceServerException:
            raise self._unreachable() from None
        about = {name: text.string_value for name, text in answer.config.parameters.items()}
        return {**about, "loaded_models": await self._page.loaded_models()}

    async def missing(self) -> list[str]:
        """The models that are not ready, or whose process has died as far as can be seen.

        Raises:
            Unreachable: Triton does not answer.
        """
        if self._server_liveness.is_lost:
            raise self._unreachable()
        try:
            return await self._recovery.missing()
        except NotAdmitted:
            raise
        except Unreachable:
            raise self._unreachable() from None

    async def failing(self) -> list[str]:
        """The leaves whose batches have all failed for a while, as far as Triton's page tells."""
        return sorted(await self._page.failing())

    async def transcribe(
        self,
        recording: Recording,
        options: Options,
        output: str,
        on_segment: OnSegment | None = None,
        patience: Patience | None = None,
    ) -> Transcript | Turns:
        """Ask for one output of the graph: SEGMENTS, WORDS, TRANSCRIPT, or TURNS and its turns.

        A request whose model had to be loaded (again) is sent once more, as is one
        whose Triton ended.  When this call is cancelled, so is the request.

        Args:
            recording: With at least one sample.
            options: with a deadline.
            on_segment: if given, SEGMENTS are asked for, and it is told each one as it
                comes; from the first one again when the request is sent once more.
            patience: with which models and Triton are waited for; without, until the deadline.

        Raises:
            PipelineError: of the kind that says what went wrong.
        """
        patience = patience or Patience()
        persistence = Persistence(self._recovery, options, patience)

        async def attempt() -> Transcript:
            async with self._audio_regions.tensor_of(recording) as audio:
                ask = partial(self._attempt, audio, options, output, on_segment, patience)
                return await persistence.outlive_models(ask)

        return await persistence.outlive_triton(attempt)

    async def _attempt(
        self,
        audio: InferInput,
        options: Options,
        output: str,
        on_segment: OnSegment | None,
        patience: Patience,
    ) -> Transcript | Turns:
        # A step goes on remembering the key of an attempt that was given up.
        update = {"request_key": uuid.uuid4().hex, "patience_ms": patience.milliseconds()}
        options = options.model_copy(update=update)
        current().begin_graph(options.request_key, options.diarize)
        interruption = self._recovery.interruption()
        call = asyncio.ensure_future(self._ask(audio, options, output, on_segment))
        try:
            seconds = options.remaining() + GRACE_SECONDS
            first = asyncio.FIRST_COMPLETED
            await asyncio.wait([call, interruption], timeout=seconds, return_when=first)
            if call.done():
                return call.result()
            if interruption.done():
                raise Interrupted(interruption.result())
            raise DeadlineExceeded("no answer from Triton in time")
        finally:
            if not call.done():
                # Triton does not tell the step that is at work.
                self._signals.cancel(options.request_key, is_stream=on_segment is not None)
                self._departures.leave(call)

    async def _ask(
        self, audio: InferInput, options: Options, output: str, on_segment: OnSegment | None
    ) -> Transcript | Turns:
        with current().part("graph", "client") as graph:
            options = options.model_copy(update={"traceparent": graph.traceparent})
            return await self._infer(audio, options, output, on_segment)

    async def _infer(
        self, audio: InferInput, options: Options, output: str, on_segment: OnSegment | None
    ) -> Transcript | Turns:
        seconds = options.remaining() + GRACE_SECONDS + DEPARTURE_SECONDS
        if on_segment is not None:
            return await stream_segments(self._client, audio, options, on_segment, seconds)
        try:
            result = await self._client.infer(
                ENSEMBLE,
                [audio],
                outputs=[InferRequestedOutput(output)],
                parameters=options.to_parameters(),
                client_timeout=seconds,
            )
        except InferenceServerException as error:
            raise from_triton(error) from None
        try:
            kind = Turns if output == "TURNS" else Transcript
            return kind.decode(result.as_numpy(output).tobytes())
        except StepFailed as failed:
            raise from_step(failed) from None
        except ValidationError as error:
            raise PipelineError(f"Triton's answer to {output} cannot be read: {error}") from None

    def _unreachable(self) -> Unreachable:
        return Unreachable(f"Triton at {self._address} cannot be reached")
