"""Audio lent to Triton through POSIX shared memory, where both run on one machine.

A hundred megabytes take 0.05 s this way and 0.4 to 1 s as bytes in a message.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable
from typing import Literal

from tritonclient.grpc import InferInput
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from adapter.intake.recording import PREFIX, SHARED_MEMORY, Recording
from adapter.triton.failures import Unreachable, from_triton
from adapter.triton.signals import CALL_SECONDS
from pipeline.errors import DeadlineExceeded

# Audio of all requests that travels as bytes: a message is held some three times here and
# again by Triton.  4.6 hours; a longer recording travels alone.
COPIED_BYTES = 512 << 20
# Triton keeps a region while a request that reads it runs, even one that was cancelled.
RETURN_PAUSES = (0.1, 0.5, 2, 5, 15, 60, 300, 900, 3600)  # seconds between attempts to end that
MARK = "."  # in a region's name, behind that of the recording

logger = logging.getLogger(__name__)


class Budget:
    """An amount of something, given out in the order of asking."""

    def __init__(self, amount: int) -> None:
        self._amount = self._free = amount
        self._turn = asyncio.Lock()
        self._given_back = asyncio.Event()

    @contextlib.asynccontextmanager
    async def take(self, amount: int) -> AsyncIterator[None]:
        """Have so much of it, or all of it if that is less, as soon as it is there."""
        amount = min(amount, self._amount)
        async with self._turn:
            while self._free < amount:
                self._given_back.clear()
                await self._given_back.wait()
            self._free -= amount
        try:
            yield
        finally:
            self._free += amount
            self._given_back.set()


class AudioRegions:
    """Gives recordings to Triton, by name if it can read them that way, else as bytes."""

    def __init__(
        self, client: InferenceServerClient, mode: Literal["auto", "on", "off"] = "auto"
    ) -> None:
        self._client = client
        self._mode = mode
        self._refused = False
        self._returns: set[asyncio.Task[None]] = set()
        self._copies = Budget(COPIED_BYTES)
        self._here: set[str] | None = None  # regions whose file was there when it was last looked

    @property
    def shares(self) -> bool:
        """Whether recordings should lie in shared memory."""
        if self._mode == "auto":
            return SHARED_MEMORY.is_dir() and not self._refused
        return self._mode == "on"

    @contextlib.asynccontextmanager
    async def tensor_of(self, recording: Recording) -> AsyncIterator[InferInput]:
        """The tensor AUDIO, INT16 [1, N], that a request is made with."""
        audio = InferInput("AUDIO", [1, recording.samples], "INT16")
        # A Triton that was started again gets another region: the first one may still be being
        # taken back.
        region = f"{recording.key}{MARK}{uuid.uuid4().hex[:8]}"
        async with contextlib.AsyncExitStack() as lent:
            if recording.key and await lent.enter_async_context(
                self._registered(region, recording)
            ):
                audio.set_shared_memory(region, recording.size)
            else:
                await lent.enter_async_context(self._copies.take(recording.size))
                audio.set_data_from_numpy(recording.pcm())
            yield audio

    @contextlib.asynccontextmanager
    async def _registered(self, region: str, recording: Recording) -> AsyncIterator[bool]:
        """Let Triton read a recording by the name of a region; whether it can."""
        registering = asyncio.ensure_future(
            self._client.register_system_shared_memory(
                region, f"/{recording.key}", recording.size, client_timeout=CALL_SECONDS
            )
        )
        try:
            # Shielded: whoever hangs up meanwhile leaves a region that has to be taken back.
            yield await self._succeeds(asyncio.shield(registering))
        finally:
            # Not awaited: a client that hung up must not be waited for here.
            task = asyncio.create_task(self._take_back(region, registering))
            self._returns.add(task)
            task.add_done_callback(self._returns.discard)

    async def _succeeds(self, registering: Awaitable[None]) -> bool:
        try:
            await registering
        except InferenceServerException as error:
            failure = from_triton(error)
            if isinstance(failure, Unreachable):
                raise failure from None
            # A Triton that was never away has the region of the last attempt for another moment.
            is_there_already = "Invalid shared memory region" in str(failure)
            self._refused |= not (is_there_already or isinstance(failure, DeadlineExceeded))
            logger.warning("Triton cannot read this machine's shared memory: %s", failure)
            return False
        return True

    async def _take_back(self, region: str, registering: asyncio.Future[None]) -> None:
        await asyncio.wait([registering])
        if not registering.cancelled():
            registering.exception()  # was told to whoever waited for it
        for pause in (0, *RETURN_PAUSES):
            await asyncio.sleep(pause)
            if await self._unregister(region):
                return
        logger.warning("Triton still uses the shared memory %s of a request that ended", region)

    async def sweep(self) -> None:
        """Take back what an adapter that was killed had lent: regions without a file.

        Of those, at the first time all; then only whose file has been here, as another
        machine's adapter may have lent this Triton its own.
        """
        with contextlib.suppress(InferenceServerException):
            status = await self._client.get_system_shared_memory_status(client_timeout=CALL_SECONDS)
            names = {name for name in status.regions if name.startswith(PREFIX)}
            here = {n for n in names if (SHARED_MEMORY / n.partition(MARK)[0]).exists()}
            lost = names - here
            if self._here is not None:
                lost &= self._here
            self._here = here
            for name in lost:
                await self._unregister(name)

    async def _unregister(self, region: str) -> bool:
        """Whether Triton has let go of it, or is not there at all."""
        try:
            await self._client.unregister_system_shared_memory(region, client_timeout=CALL_SECONDS)
        except InferenceServerException as error:
            return isinstance(from_triton(error), Unreachable)
        return True

    async def close(self) -> None:
        """Wait a moment for what is being taken back."""
        if self._returns:
            _, pending = await asyncio.wait(self._returns, timeout=1)
            for task in pending:
                task.cancel()
