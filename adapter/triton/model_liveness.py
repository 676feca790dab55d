"""Whether the models of a Triton on another machine still have a process, found out by asking.

A model that has answered others meanwhile is not asked: a question takes a
place in a leaf's batch.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Collection

from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from adapter.triton.failures import ProcessDied, from_triton
from adapter.triton.signals import CALL_SECONDS, Signals

EVERY_SECONDS = 10.0
ANSWER_SECONDS = 60.0  # a leaf answers when the batch before has ended; later counts for nothing


class ModelLiveness:
    """Probes silent models."""

    def __init__(self, client: InferenceServerClient, signals: Signals) -> None:
        self._client = client
        self._signals = signals
        self._probed = -EVERY_SECONDS
        self._counts: dict[str, int] = {}
        self._probes: dict[str, asyncio.Task[None]] = {}
        self._dead: dict[str, Counter[str]] = {}

    async def probe_silent(self, models: Collection[str], generation: Counter[str]) -> None:
        """Probe those of these models that were silent since the last time.

        Args:
            models: ready ones that are no ensembles.
            generation: how often each was loaded again until now.

        Raises:
            InferenceServerException: Triton does not answer.
        """
        if time.monotonic() - self._probed < EVERY_SECONDS:
            return
        self._probed = time.monotonic()
        statistics = await self._client.get_inference_statistics(client_timeout=CALL_SECONDS)
        counts = {model.name: model.inference_count for model in statistics.model_stats}
        silent = {model for model in models if counts.get(model) == self._counts.get(model)}
        self._counts = counts
        for model in silent - self._probes.keys():
            self._probes[model] = asyncio.create_task(self._probe(model, generation))

    def take_dead(self) -> dict[str, Counter[str]]:
        """Models that turned out to be dead, each with the generation it was probed in."""
        dead, self._dead = self._dead, {}
        return dead

    def stop(self) -> None:
        """Await no more answers."""
        for probe in self._probes.values():
            probe.cancel()

    async def _probe(self, model: str, generation: Counter[str]) -> None:
        try:
            await self._signals.probe(model, ANSWER_SECONDS)
        except InferenceServerException as error:
            if isinstance(from_triton(error), ProcessDied):
                self._dead[model] = generation
        finally:
            del self._probes[model]
