"""The ensemble ``asr`` of a Triton server, for threads and for asyncio."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from tritonclient.grpc import InferenceServerClient
from tritonclient.grpc.aio import InferenceServerClient as AsyncInferenceServerClient
from tritonclient.utils import InferenceServerException
from typing_extensions import Self

from client.triton.audio import Audio
from client.triton.question import ENSEMBLE, Option, Question, error_of
from client.triton.regions import CALL_SECONDS, RETURN_PAUSES, Region, headers_for, is_here
from documents import Transcript

DEFAULT_ADDRESS = "localhost:8001"
ANSWER_SECONDS = 1800.0


class TritonClient:
    """Asks, and waits for the answer."""

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        timeout: float = ANSWER_SECONDS,
        shared_memory: bool | None = None,
        secret: str | None = None,
    ) -> None:
        """Args:
        address: Host and port of Triton's gRPC.
        timeout: Seconds that an answer may take.
        shared_memory: whether samples are lent to Triton rather than sent; if left out, where it
            is on this machine and lets this user.
        secret: the service's TRITON_SECRET, which opens shared memory; found if left out.
        """
        self._triton = InferenceServerClient(address)
        self._timeout = timeout
        self._lends = is_here(address) if shared_memory is None else shared_memory
        self._insists = bool(shared_memory)
        self._headers = headers_for(address, secret)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._triton.close()

    def transcribe(self, audio: Audio, **options: Option) -> Transcript:
        """Transcribe a recording.

        Args:
            audio: INT16 [N], mono PCM at 16 kHz, or the path of such a WAV file.
            options: The graph's request parameters, such as ``language`` or ``diarize``.

        Raises:
            ServiceError: Triton refused, failed or does not answer.
            ValueError: this is no such audio.
            OSError: the file cannot be read.
        """
        question = Question(audio, options, self._timeout)
        with self._lent(question) as region:
            try:
                result = self._triton.infer(ENSEMBLE, **question.asked(region))
            except InferenceServerException as error:
                raise error_of(error) from None
        return question.read(result)

    @contextmanager
    def _lent(self, question: Question) -> Iterator[Region | None]:
        """Let Triton read the samples meanwhile; None where it cannot, and they have to be sent."""
        region = question.region() if self._lends else None
        if region is None:
            yield None
            return
        try:
            self._triton.register_system_shared_memory(
                *(region.name, region.key, region.size),
                headers=self._headers,
                client_timeout=CALL_SECONDS,
            )
        except InferenceServerException as error:
            if self._insists:
                raise error_of(error) from None
            self._lends = False
            yield None
            return
        finally:
            region.close()  # Triton has it open, or never will
        try:
            yield region
        finally:
            self._take_back(region)

    def _take_back(self, region: Region) -> None:
        for pause in RETURN_PAUSES:
            time.sleep(pause)
            try:
                self._triton.unregister_system_shared_memory(
                    region.name, headers=self._headers, client_timeout=CALL_SECONDS
                )
            except InferenceServerException:
                continue
            return


class AsyncTritonClient:
    """As :class:`TritonClient`, for one event loop."""

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        timeout: float = ANSWER_SECONDS,
        shared_memory: bool | None = None,
        secret: str | None = None,
    ) -> None:
        """As :class:`TritonClient`."""
        self._triton = AsyncInferenceServerClient(address)
        self._timeout = timeout
        self._lends = is_here(address) if shared_memory is None else shared_memory
        self._insists = bool(shared_memory)
        self._headers = headers_for(address, secret)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        await self._triton.close()

    async def transcribe(self, audio: Audio, **options: Option) -> Transcript:
        """As :meth:`TritonClient.transcribe`."""
        question = await asyncio.to_thread(Question, audio, options, self._timeout)
        async with self._lent(question) as region:
            try:
                result = await self._triton.infer(ENSEMBLE, **question.asked(region))
            except InferenceServerException as error:
                raise error_of(error) from None
        return question.read(result)

    @asynccontextmanager
    async def _lent(self, question: Question) -> AsyncIterator[Region | None]:
        region = await asyncio.to_thread(question.region) if self._lends else None
        if region is None:
            yield None
            return
        try:
            await self._triton.register_system_shared_memory(
                *(region.name, region.key, region.size),
                headers=self._headers,
                client_timeout=CALL_SECONDS,
            )
        except InferenceServerException as error:
            if self._insists:
                raise error_of(error) from None
            self._lends = False
            yield None
            return
        finally:
            region.close()
        try:
            yield region
        finally:
            # Whoever gives up must not be kept waiting, and Triton not be left with it.
            await asyncio.shield(asyncio.ensure_future(self._take_back(region)))

    async def _take_back(self, region: Region) -> None:
        for pause in RETURN_PAUSES:
            await asyncio.sleep(pause)
            try:
                await self._triton.unregister_system_shared_memory(
                    region.name, headers=self._headers, client_timeout=CALL_SECONDS
                )
            except InferenceServerException:
                continue
            return
