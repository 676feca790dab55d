"""The graph behind one call: a recording goes in, a transcript comes out."""

import asyncio
import logging
import uuid
from collections.abc import Coroutine

import httpx
from pydantic import ValidationError
from tritonclient.grpc import InferInput, InferRequestedOutput
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from adapter.intake.recording import Recording, sweep
from adapter.telemetry.record import current
from adapter.triton.failures import NotAdmitted, NotReady, ProcessDied, Unreachable, from_triton
from adapter.triton.loaded_models import loaded_models
from adapter.triton.recovery import ENSEMBLE, STEPS, Recovery
from adapter.triton.secret import TritonSecret
from adapter.triton.server_liveness import ServerLiveness
from adapter.triton.shared_memory import AudioRegions
from adapter.triton.signals import CALL_SECONDS, Signals
from adapter.triton.streaming import OnSegment, stream_segments
from documents import Transcript
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
GRACE_SECONDS = 5.0  # for the graph to say itself that a deadline has passed

logger = logging.getLogger(__name__)


class Interrupted(PipelineError):  # noqa: N818 - what happened
    """A step of the graph died while the call was under way: no answer may ever come."""

    def __init__(self) -> None:
        super().__init__("a step of the graph has died")


class Engine:
    """Triton's ensemble ``asr`` over gRPC; to be made and used in one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._address = f"{settings.triton_host}:{settings.triton_grpc_port}"
        self._metrics_url = f"http://{settings.triton_host}:{settings.triton_metrics_port}/metrics"
        secret = TritonSecret(settings.triton_grpc_port, settings.given_triton_secret)
        self._client = InferenceServerClient(self._address, channel_args=CHANNEL)
        self._client.register_plugin(secret)
        self._signals = Signals(self._client, STEPS)
        self._recovery = Recovery(self._client, secret, self._signals)
        self._server_liveness = ServerLiveness(self._client, secret)
        self._audio_regions = AudioRegions(self._client, settings.triton_shared_memory)
        self._pages = httpx.AsyncClient()
        self._watches: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Engine":
        await asyncio.to_thread(sweep)
        await self._audio_regions.sweep()
        self._watches = [
            asyncio.create_task(watch())
            for watch in (self._recovery.watch, self._server_liveness.watch)
        ]
        return self

    async def __aexit__(self, *exception: object) -> None:
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        await self._signals.close()
        await self._audio_regions.close()
        await self._pages.aclose()
        await self._client.close()

    @property
    def shares_memory(self) -> bool:
        """Whether recordings for this engine should lie in shared memory."""
        return self._audio_regions.shares

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
        return {**about, "loaded_models": await loaded_models(self._pages, self._metrics_url)}

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

    async def transcribe(
        self,
        recording: Recording,
        options: Options,
        output: str,
        on_segment: OnSegment | None = None,
    ) -> Transcript:
        """Ask for one output of the graph: SEGMENTS, WORDS or TRANSCRIPT.

        A request whose model had to be loaded (again) is sent once more.  When
        this call is cancelled, so is the request.

        Args:
            recording: With at least one sample.
            options: with a deadline.
            on_segment: if given, SEGMENTS are asked for, and it is told each one as it
                comes; from the first one again when the request is sent once more.

        Raises:
            PipelineError: of the kind that says what went wrong.
        """
        options.check_deadline()
        try:
            async with self._audio_regions.tensor_of(recording) as audio:
                try:
                    return await self._attempt(audio, options, output, on_segment)
                except NotReady:
                    await self._within_deadline(self._recovery.mend(), options)
                    return await self._attempt(audio, options, output, on_segment)
                except (Interrupted, ProcessDied):
                    await self._within_deadline(self._recovery.settled(), options)
                    return await self._attempt(audio, options, output, on_segment)
        except Unreachable as failure:
            logger.warning("a recording could not be given to Triton: %s", failure)
            # Speakr takes the digits 429 anywhere in an answer, so in a port, for a rate limit.
            raise Unreachable("Triton cannot be reached; /health says where it should be") from None

    async def _attempt(
        self, audio: InferInput, options: Options, output: str, on_segment: OnSegment | None
    ) -> Transcript:
        options.check_deadline()
        # A step goes on remembering the key of an attempt that was given up.
        options = options.model_copy(update={"request_key": uuid.uuid4().hex})
        generation = self._recovery.generation()
        interruption = self._recovery.interruption()
        call = asyncio.ensure_future(self._ask(audio, options, output, on_segment))
        try:
            await asyncio.wait([call, interruption], return_when=asyncio.FIRST_COMPLETED)
            if not call.done():
                raise Interrupted
            return call.result()
        except ProcessDied as death:
            await self._within_deadline(self._recovery.load_again(death.model, generation), options)
            raise
        finally:
            if not call.done():
                # Triton does not tell the step that is at work.
                self._signals.cancel(options.request_key)
            call.cancel()

    async def _ask(
        self, audio: InferInput, options: Options, output: str, on_segment: OnSegment | None
    ) -> Transcript:
        with current().part("graph", "client") as graph:
            options = options.model_copy(update={"traceparent": graph.traceparent})
            return await self._infer(audio, options, output, on_segment)

    async def _infer(
        self, audio: InferInput, options: Options, output: str, on_segment: OnSegment | None
    ) -> Transcript:
        seconds = options.remaining() + GRACE_SECONDS
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
            return Transcript.model_validate_json(result.as_numpy(output).tobytes())
        except ValidationError as error:
            raise PipelineError(f"Triton's answer is no transcript: {error}") from None

    async def _within_deadline(self, work: Coroutine[None, None, None], options: Options) -> None:
        # Shielded: what one request gives up waiting for, others still wait for.
        task = asyncio.ensure_future(work)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            await asyncio.wait_for(asyncio.shield(task), max(options.remaining(), 0))
        except asyncio.TimeoutError:
            raise DeadlineExceeded("a model was being loaded again until then") from None

    def _unreachable(self) -> Unreachable:
        return Unreachable(f"Triton at {self._address} cannot be reached")
