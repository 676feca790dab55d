"""The graph behind one call: a recording goes in, a transcript comes out."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import httpx
from pydantic import ValidationError
from tritonclient.grpc import InferInput, InferRequestedOutput
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from adapter.intake.recording import Recording, sweep
from adapter.patience import OutOfPatience, Patience
from adapter.telemetry.record import current
from adapter.triton.departures import DEPARTURE_SECONDS, Departures
from adapter.triton.failures import (
    Deaths,
    Interrupted,
    NotAdmitted,
    NotReady,
    ProcessDied,
    Unreachable,
    from_step,
    from_triton,
)
from adapter.triton.loaded_models import loaded_models
from adapter.triton.recovery import ENSEMBLE, STEPS, STREAMS, Recovery
from adapter.triton.secret import TritonSecret
from adapter.triton.server_liveness import ServerLiveness
from adapter.triton.shared_memory import AudioRegions
from adapter.triton.signals import CALL_SECONDS, Signals
from adapter.triton.streaming import OnSegment, stream_segments
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
GRACE_SECONDS = 5.0  # for the graph to say itself that a deadline has passed

Attempt = Callable[[], Awaitable[Transcript]]
Remedy = Callable[[], Awaitable[None]]  # after which another attempt is made

logger = logging.getLogger(__name__)


class Engine:
    """Triton's ensemble ``asr`` over gRPC; to be made and used in one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._address = f"{settings.triton_host}:{settings.triton_grpc_port}"
        self._metrics_url = f"http://{settings.triton_host}:{settings.triton_metrics_port}/metrics"
        secret = TritonSecret(settings.triton_grpc_port, settings.given_triton_secret)
        self._client = InferenceServerClient(self._address, channel_args=CHANNEL)
        self._client.register_plugin(secret)
        self._signals = Signals(self._client, STEPS, STREAMS)
        self._recovery = Recovery(self._client, secret, self._signals)
        self._server_liveness = ServerLiveness(self._client, secret)
        self._audio_regions = AudioRegions(self._client, settings.triton_shared_memory)
        self._departures = Departures()
        self._pages = httpx.AsyncClient()
        self._watches: list[asyncio.Task[None]] = []
        self._return: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Engine":
        await asyncio.to_thread(sweep)
        await self._audio_regions.sweep()
        self._watches = [
            asyncio.create_task(watch())
            for watch in (self._recovery.watch, self._server_liveness.watch)
        ]
        return self

    async def __aexit__(self, *exception: object) -> None:
        tasks = [*self._watches, *filter(None, [self._return])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._signals.close()
        await self._departures.close()
        await self._audio_regions.close()
        await self._pages.aclose()
        await self._client.close()

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
        deaths = Deaths()
        failure: PipelineError | None = None
        while True:
            options.check_deadline()
            try:
                if failure is not None:
                    await patience.wait(_shielded(self._is_back()), options.remaining())
                async with self._audio_regions.tensor_of(recording) as audio:
                    attempt = partial(self._attempt, audio, options, output, on_segment, patience)
                    return await self._outlive_models(attempt, options, patience, deaths)
            except OutOfPatience as end:
                raise _given_up(failure, end) from None
            except NotAdmitted as refusal:
                raise _unreachable(refusal) from None
            except Unreachable as loss:
                failure = _unreachable(loss)
                deaths.outlive("tritonserver", failure)

    async def _outlive_models(
        self, attempt: Attempt, options: Options, patience: Patience, deaths: Deaths
    ) -> Transcript:
        """The outcome of the first attempt during which no model was missing or died."""
        failure: PipelineError | None = None
        remedy: Remedy | None = None
        while True:
            try:
                if remedy is not None:
                    # Shielded: what one request gives up waiting for, others still wait for.
                    await patience.wait(_shielded(remedy()), options.remaining())
                options.check_deadline()
                generation = self._recovery.generation()
                return await attempt()
            except OutOfPatience as end:
                raise _given_up(failure, end) from None
            except Interrupted as death:
                failure, remedy = death, self._recovery.settled
                deaths.outlive(death.model, death)
            except ProcessDied as death:
                failure, remedy = death, partial(self._recovery.load_again, death.model, generation)
                deaths.outlive(death.model, death)
            except NotReady as absence:
                failure, remedy = absence, self._recovery.mend

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

    def _is_back(self) -> "asyncio.Future[None]":
        """Done when Triton is there again; looked for once for all who wait."""
        if self._return is None or self._return.done():
            self._return = asyncio.create_task(self._recovery.back())
        return self._return

    def _unreachable(self) -> Unreachable:
        return Unreachable(f"Triton at {self._address} cannot be reached")


def _unreachable(failure: Unreachable) -> Unreachable:
    """The failure in words for clients."""
    logger.warning("a recording could not be given to Triton: %s", failure)
    # Speakr takes the digits 429 anywhere in an answer, so in a port, for a rate limit.
    return Unreachable("Triton cannot be reached; /health says where it should be")


def _given_up(failure: PipelineError | None, end: OutOfPatience) -> PipelineError:
    """What a request is told that has waited long enough: why it had to."""
    logger.warning("%s, but %s", failure, end)
    return failure or end


def _shielded(work: Awaitable[None]) -> "asyncio.Future[None]":
    """The outcome of some work that goes on when nobody waits for it any more."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return asyncio.shield(task)
