"""What is done for one request until it is answered: whatever comes back is waited for."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

from adapter.triton.failures import (
    Interrupted,
    NotAdmitted,
    NotReady,
    ProcessDied,
    Unreachable,
)
from adapter.triton.recovery import Recovery
from adapter.waiting.patience import OutOfPatience, Patience
from documents import Transcript
from pipeline.errors import OutOfMemory, Overloaded, PipelineError
from pipeline.options import Options

MOST_DEATHS = 3  # of one process, which the request itself may kill; times without memory
SERVER, MEMORY = "tritonserver", "memory"
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0  # seconds, while a queue of the graph is full

Attempt = Callable[[], Awaitable[Transcript]]
Remedy = Callable[[], Awaitable[None]]  # after which another attempt is made

logger = logging.getLogger(__name__)


class Persistence:
    """That of one request."""

    def __init__(self, recovery: Recovery, options: Options, patience: Patience) -> None:
        """Args:
        recovery: loads models again, and knows when Triton is back.
        options: with a deadline.
        patience: for all of this together.
        """
        self._recovery = recovery
        self._options = options
        self._patience = patience
        self._deaths: Counter[str] = Counter()

    async def outlive_triton(self, attempt: Attempt) -> Transcript:
        """The outcome of the first attempt during which Triton was there.

        Raises:
            PipelineError: what the attempt failed with that no waiting mends, or has mended so far.
        """
        failure: PipelineError | None = None
        while True:
            try:
                if failure is not None:
                    await self._wait(self._recovery.is_back)
                self._options.check_deadline()
                return await attempt()
            except OutOfPatience as end:
                raise _given_up(failure, end) from None
            except NotAdmitted as refusal:
                raise _unreachable(refusal) from None
            except Unreachable as loss:
                failure = _unreachable(loss)
                self._outlive(SERVER, failure)

    async def outlive_models(self, attempt: Attempt) -> Transcript:
        """The outcome of the first attempt during which no model was missing, dead or overrun.

        Raises:
            PipelineError: as above; also that Triton is not there.
        """
        failure: PipelineError | None = None
        remedy: Remedy | None = None
        pause = FIRST_PAUSE
        while True:
            try:
                if remedy is not None:
                    await self._wait(remedy)
                self._options.check_deadline()
                generation = self._recovery.generation()
                return await attempt()
            except OutOfPatience as end:
                raise _given_up(failure, end) from None
            except Interrupted as death:
                failure, remedy = death, self._recovery.settled
                self._outlive(death.model, death)
            except ProcessDied as death:
                failure, remedy = death, partial(self._recovery.load_again, death.model, generation)
                self._outlive(death.model, death)
            except NotReady as absence:
                failure, remedy = absence, self._recovery.mend
            except Overloaded as crowd:
                failure, remedy = crowd, partial(asyncio.sleep, pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                if isinstance(crowd, OutOfMemory):  # which somebody else gives back soon, or nobody
                    self._outlive(MEMORY, crowd)

    async def _wait(self, remedy: Remedy) -> None:
        # Shielded: what one request gives up waiting for, others still wait for.
        task = asyncio.ensure_future(remedy())
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        await self._patience.wait(asyncio.shield(task), self._options.remaining())

    def _outlive(self, process: str, failure: PipelineError) -> None:
        self._deaths[process] += 1
        if self._deaths[process] > MOST_DEATHS:
            raise failure


def _unreachable(failure: Unreachable) -> Unreachable:
    """The failure in words for clients."""
    logger.warning("a recording could not be given to Triton: %s", failure)
    # Speakr takes the digits 429 anywhere in an answer, so in a port, for a rate limit.
    return Unreachable("Triton cannot be reached; /health says where it should be")


def _given_up(failure: PipelineError | None, end: OutOfPatience) -> PipelineError:
    """What a request is told that has waited long enough: why it had to."""
    logger.warning("%s, but %s", failure, end)
    return failure or end
