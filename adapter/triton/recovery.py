"""Models that have lost their process, or are not loaded at all, are loaded again.

That is done once for everybody who waits for a model.  Triton does not start a
killed process again and goes on calling itself ready; a model that failed to
load, or that somebody unloaded, it leaves alone.  Requests of a step that died
are never answered: whoever waits for one has to be told, which
:meth:`Recovery.interruption` does.
"""

import asyncio
import contextlib
import logging
import time
from collections import Counter

from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from adapter.triton.failures import NotAdmitted, NotReady, Unreachable, from_triton
from adapter.triton.model_liveness import ModelLiveness
from adapter.triton.processes import end_stopped, live_instances
from adapter.triton.secret import TritonSecret
from adapter.triton.signals import CALL_SECONDS, Signals
from pipeline.errors import PipelineError

ENSEMBLE = "asr"
STEPS = ("transcription", "alignment", "attribution", "diarization")
LEAVES = ("whisper", "wav2vec2", "segmentation", "speaker_embedding")
STREAMS = ("transcription_stream",)  # decoupled, and so only reached by gRPC streams
GRAPH = (ENSEMBLE, *STEPS, *STREAMS, *LEAVES)
WATCH_SECONDS = 3.0
CONFIRM_SECONDS = 0.5
LOAD_SECONDS = 300.0  # for a network on a slow disk
# Between attempts to load a model that could not be loaded: twice as long each time.
FIRST_PAUSE, LONGEST_PAUSE = 10.0, 600.0
READY, UNDER_WAY = "READY", ("LOADING", "UNLOADING")  # a model's state in the repository's index
NOT_AGAIN = "the model {} could not be loaded again"

logger = logging.getLogger(__name__)


class Failures:
    """Attempts in a row at which a model could not be loaded."""

    def __init__(self, model: str) -> None:
        self.pause = 0.0
        self._model = model
        self._last = time.monotonic()

    def add(self) -> None:
        """One more."""
        self.pause = min(2 * self.pause, LONGEST_PAUSE) or FIRST_PAUSE
        self._last = time.monotonic()

    def check(self) -> None:
        """See whether the next attempt is due.

        Raises:
            NotReady: it is not.
        """
        if time.monotonic() - self._last < self.pause:
            raise NotReady(NOT_AGAIN.format(self._model))


class Recovery:
    """Watches the models of a graph and loads them again when their process dies."""

    def __init__(
        self,
        client: InferenceServerClient,
        secret: TritonSecret,
        signals: Signals,
        graph: tuple[str, ...] = GRAPH,
        steps: tuple[str, ...] = (*STEPS, *STREAMS),
    ) -> None:
        self._client = client
        self._secret = secret
        self._liveness = ModelLiveness(client, signals)
        self._graph = graph
        self._steps = steps
        self._loading = asyncio.Lock()
        self._loads: Counter[str] = Counter()
        self._deaths: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()
        self._failures: dict[str, Failures] = {}
        self._known: dict[str, set[str]] = {}  # instances that were seen alive
        self._return: asyncio.Task[None] | None = None
        self._interruption: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def generation(self) -> Counter[str]:
        """How often each model was loaded again; to be taken before a call."""
        return self._loads.copy()

    def tally(self) -> dict[str, dict[str, int]]:
        """How often each model lost a process, was loaded again, or could not be: by these."""
        counts = {"deaths": self._deaths, "loads": self._loads, "failures": self._refusals}
        return {
            what: {model: count[model] for model in self._graph} for what, count in counts.items()
        }

    def interruption(self) -> asyncio.Future[str]:
        """Done, with the step that died, when calls that are under way may never be answered."""
        return self._interruption

    async def settled(self) -> None:
        """Return when no model is being loaded again."""
        async with self._loading:
            return

    async def load_again(self, model: str, generation: Counter[str]) -> None:
        """Load a model again unless that was done since ``generation`` was taken.

        Raises:
            NotReady: it could not be loaded.
            Unreachable: Triton does not answer.
        """
        failures = self._failures.setdefault(model, Failures(model))
        failures.check()
        if model in self._steps and self._loads[model] == generation[model]:
            self._interrupt(model)
        async with self._loading:
            if self._loads[model] != generation[model]:
                return
            failures.check()
            logger.warning("the model %s has no process; loading it again", model)
            self._known.pop(model, None)
            # Triton waits for one that only stands still for as long as it has requests.
            await asyncio.to_thread(end_stopped, self._secret.here(), model)
            try:
                if (await self._states()).get(model) == READY:
                    self._deaths[model] += 1
                    await self._client.unload_model(model, client_timeout=CALL_SECONDS)
                await self._client.load_model(model, client_timeout=LOAD_SECONDS)
            except InferenceServerException as error:
                failure = from_triton(error)
                if isinstance(failure, Unreachable):
                    raise failure from None
                failures.add()
                self._refusals[model] += 1
                logger.error(
                    "the model %s could not be loaded again: %s; the next attempt in %.0f s",
                    *(model, failure, failures.pause),
                )
                raise NotReady(NOT_AGAIN.format(model)) from None
            self._failures.pop(model, None)
            self._loads[model] += 1
            logger.warning("the model %s is back", model)

    async def mend(self) -> None:
        """Load again what is missing, once nobody loads or unloads anything.

        Raises:
            Unreachable: Triton does not answer.
        """
        while not {*UNDER_WAY}.isdisjoint((await self._states()).values()):
            await asyncio.sleep(CONFIRM_SECONDS)
        await self._mend()

    async def is_back(self) -> None:
        """Return when Triton answers again, and what it lacks has been loaded.

        Raises:
            NotAdmitted: it asks for a secret that this adapter does not have.
        """
        # Looked for once for all who wait.
        if self._return is None or self._return.done():
            self._return = asyncio.create_task(self._until_back())
        await asyncio.shield(self._return)

    def close(self) -> None:
        """Look for it no more."""
        if self._return is not None:
            self._return.cancel()

    async def _until_back(self) -> None:
        while True:
            try:
                return await self.mend()
            except NotAdmitted:
                raise
            except Unreachable:
                await asyncio.sleep(CONFIRM_SECONDS)

    async def _mend(self) -> None:
        generation = self.generation()
        broken = await self._broken()
        if broken:
            # A model that is being loaded by somebody else has no process for a moment.
            await asyncio.sleep(CONFIRM_SECONDS)
            broken &= await self._broken()
        found = self._liveness.take_dead() | dict.fromkeys(broken, generation)
        # All ask for their turn before anybody waits for them to be back: leaves, steps, ensemble.
        turns = sorted(found, key=self._graph.index, reverse=True)
        await asyncio.gather(*(self._try_to_load(model, found[model]) for model in turns))

    async def missing(self) -> list[str]:
        """The models of the graph that are not loaded, or that have lost a process.

        Raises:
            Unreachable: Triton does not answer.
        """
        ready = await self._ready()
        dead = await self._dead(ready)
        return [model for model in self._graph if model not in ready or model in dead]

    async def watch(self) -> None:
        """Look for dead models until cancelled, and load them again."""
        try:
            while True:
                await asyncio.sleep(WATCH_SECONDS)
                # Whatever is wrong now is looked at again at the next round.
                with contextlib.suppress(PipelineError, InferenceServerException):
                    await self._look_once()
        finally:
            self._liveness.stop()

    async def _look_once(self) -> None:
        await self._mend()
        if await asyncio.to_thread(live_instances, self._secret.here()) is None:
            ready = await self._ready()
            # Decoupled models answer over streams only.
            models = ready.intersection(self._graph) - {ENSEMBLE, *STREAMS}
            await self._liveness.probe_silent(models, self.generation())

    async def _try_to_load(self, model: str, generation: Counter[str]) -> None:
        with contextlib.suppress(NotReady):
            await self.load_again(model, generation)

    async def _broken(self) -> set[str]:
        states = await self._states()
        ready = {model for model, state in states.items() if state == READY}
        # What is not in the repository at all nobody can load.
        absent = {model for model, state in states.items() if state not in (READY, *UNDER_WAY)}
        return await self._dead(ready) | absent.intersection(self._graph)

    async def _ready(self) -> set[str]:
        return {model for model, state in (await self._states()).items() if state == READY}

    async def _states(self) -> dict[str, str]:
        try:
            index = await self._client.get_model_repository_index(client_timeout=CALL_SECONDS)
        except InferenceServerException as error:
            failure = from_triton(error)
            raise failure if isinstance(failure, Unreachable) else Unreachable(failure) from None
        return {model.name: model.state for model in index.models}

    async def _dead(self, ready: set[str]) -> set[str]:
        """Ready models that have no process, or fewer than they had."""
        alive = await asyncio.to_thread(live_instances, self._secret.here())
        if alive is None:
            return set()
        dead = set()
        for model in ready.intersection(self._graph) - {ENSEMBLE}:
            instances = set(alive.get(model, ()))
            if not instances or self._known.get(model, set()) - instances:
                dead.add(model)
            else:
                self._known[model] = instances
        return dead

    def _interrupt(self, step: str) -> None:
        if not self._interruption.done():
            self._interruption.set_result(step)
        self._interruption = asyncio.get_running_loop().create_future()
