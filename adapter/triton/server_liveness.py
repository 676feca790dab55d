"""Whether Triton still answers: it may be alive, call itself ready and be locked up for good."""

import asyncio
import logging

import numpy as np
from tritonclient.grpc import InferInput
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from adapter.triton.failures import from_triton
from adapter.triton.processes import end_server
from adapter.triton.secret import TritonSecret
from pipeline.errors import DeadlineExceeded

NOBODY = "pulse"  # no model: its refusal is the answer, and no model's statistics count it
EVERY_SECONDS = 10.0
ANSWER_SECONDS = 30.0
MOST_UNANSWERED = 2  # questions in a row, after which nobody waits any more

logger = logging.getLogger(__name__)


class ServerLiveness:
    """Asks Triton to infer, and ends it if it never answers; who started it starts it again.

    Ready models, the repository's index and statistics come from other threads
    of Triton than answers do, and go on coming without them.
    """

    def __init__(self, client: InferenceServerClient, secret: TritonSecret) -> None:
        self._client = client
        self._secret = secret
        self._unanswered = 0

    @property
    def is_lost(self) -> bool:
        """Whether Triton has left the last questions unanswered."""
        return self._unanswered >= MOST_UNANSWERED

    async def watch(self) -> None:
        """Ask until cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            self._unanswered = 0 if await self._answers() else self._unanswered + 1
            if self.is_lost:
                ended = await asyncio.to_thread(end_server, self._secret.here())
                logger.error(
                    "Triton has not answered for %.0f s; %s",
                    self._unanswered * ANSWER_SECONDS,
                    "ended it, to be started again" if ended else "it has to be started again",
                )

    async def _answers(self) -> bool:
        nothing = InferInput("NOTHING", [1], "UINT8")
        nothing.set_data_from_numpy(np.zeros(1, np.uint8))
        try:
            await self._client.infer(NOBODY, [nothing], client_timeout=ANSWER_SECONDS)
        except InferenceServerException as error:
            # One that is gone is not locked up.
            return not isinstance(from_triton(error), DeadlineExceeded)
        return True
