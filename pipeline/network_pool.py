"""Networks that are loaded when somebody asks for them and let go when nobody does."""

import gc
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from pipeline.device_memory import give_device_memory_back
from pipeline.errors import (
    BrokenDevice,
    ModelLoading,
    Overloaded,
    PipelineError,
    WeightsUnavailable,
)
from pipeline.hardware import give_memory_back
from pipeline.hardware.failures import breaks_device, is_out_of_memory

Network = TypeVar("Network")
# «loading» ends with «settled», whatever has come of it; «loaded» with «gone».
LoadState = Literal["loading", "settled", "loaded", "gone"]
OnLoadChange = Callable[[str, LoadState], None]  # is told a network's name and what it is now

IDLE_SECONDS = 5.0  # since its last use, after which a network makes room for another at once
TURN_SECONDS = 60.0  # that a network which is used all the time may stay while another waits
FAILURE_SECONDS = 120.0  # for which a failed attempt is the answer to whoever asks

logger = logging.getLogger(__name__)


def ignore_load_change(name: str, state: LoadState) -> None:
    """An :data:`OnLoadChange` for nobody."""


@dataclass
class _Resident(Generic[Network]):
    network: Network
    since: float
    used: float
    users: int = 0
    unloading: bool = False


class NetworkPool(Generic[Network]):
    """Networks of one process by name: fetched and loaded in threads of their own.

    Whoever asks for a network that is not there is told so at once, and the
    networks that are there go on working meanwhile.  Each that is asked for
    has a thread, so that none waits for another's download: names must be of
    those that the settings or a catalogue allow, never whatever a client says.
    """

    def __init__(
        self,
        fetch: Callable[[str], object],
        load: Callable[[str, object], Network],
        most: int,
        keep_alive: float = 0,
        on_load_change: OnLoadChange = ignore_load_change,
    ) -> None:
        """Args:
        fetch: brings a network's weights to this machine; may take long.
        load: makes a network of what ``fetch`` returned.
        most: networks that are in memory at once.
        keep_alive: seconds after its last use when a network is let go; 0 never.
        on_load_change: told whenever a network is loaded or let go.
        """
        self._fetch, self._load, self._on_load_change = fetch, load, on_load_change
        self._most, self._keep_alive = most, keep_alive
        self._residents: dict[str, _Resident[Network]] = {}
        self._attempts: set[str] = set()
        self._loading = 0  # that have their room already
        self._failures: dict[str, tuple[float, PipelineError]] = {}
        self._changed = threading.Condition()
        if keep_alive:
            threading.Thread(target=self._unload_idle, name="keep-alive", daemon=True).start()

    def load_now(self, name: str) -> Network:
        """Load a network in this thread; raises whatever ``fetch`` or ``load`` does."""
        network = self._load(name, self._fetch(name))
        self._add(name, network)
        return network

    @contextmanager
    def use(self, name: str) -> Iterator[Network]:
        """A network, which stays as long as it is used.

        Raises:
            ModelLoading: it is not there yet; it will be in a moment.
            PipelineError: whatever the attempt to fetch or load it failed with.
        """
        with self._changed:
            resident = self._residents.get(name)
            if resident is None or resident.unloading:
                self._ask_for(name)
            resident.users += 1
        try:
            yield resident.network
        finally:
            with self._changed:
                resident.users -= 1
                resident.used = time.monotonic()
                self._changed.notify_all()

    def _ask_for(self, name: str) -> None:
        """Raise what there is to say of a network that is not there; the lock is held."""
        now = time.monotonic()
        for other, (since, failure) in list(self._failures.items()):
            if now - since > FAILURE_SECONDS:
                del self._failures[other]
            elif other == name:
                raise failure.with_traceback(None)
        if name not in self._attempts:
            self._attempts.add(name)
            threading.Thread(target=self._attempt, args=(name,), daemon=True).start()
        raise ModelLoading(f"the network {name!r} is being loaded")

    def _attempt(self, name: str) -> None:
        self._on_load_change(name, "loading")
        try:
            weights = self._fetched(name)
            self._make_room(name)
            try:
                network = self._load(name, weights)
            except BaseException:
                with self._changed:
                    self._loading -= 1
                raise
            with self._changed:  # as one: in between, its room would look free to another
                self._loading -= 1
                self._add(name, network)
        except Exception as failure:
            failure = _as_told(name, failure)
            logger.warning("the network %s could not be loaded: %s", name, failure)
            with self._changed:
                self._failures[name] = (time.monotonic(), failure.with_traceback(None))
        finally:
            with self._changed:
                self._attempts.discard(name)
                self._changed.notify_all()
            self._on_load_change(name, "settled")

    def _fetched(self, name: str) -> object:
        try:
            return self._fetch(name)
        except PipelineError:
            raise
        except Exception as failure:
            raise WeightsUnavailable(f"model {name!r} cannot be fetched: {failure}") from failure

    def _add(self, name: str, network: Network) -> None:
        with self._changed:
            now = time.monotonic()
            self._residents[name] = _Resident(network, since=now, used=now)
            self._on_load_change(name, "loaded")
            self._changed.notify_all()
        logger.info("the network %s is loaded", name)

    def _make_room(self, name: str) -> None:
        """Wait until a network may be loaded, letting go of what was used longest ago."""
        while True:
            with self._changed:
                # One that is unloading is in memory until its last user has done.
                full = len(self._residents) + self._loading >= self._most
                if not full and name not in self._residents:
                    self._loading += 1
                    return
                oldest = self._least_recently_used() if full else None
                if oldest is None:
                    self._changed.wait(1)
                    continue
                resident = self._residents[oldest]
                resident.unloading = True
            self._unload(oldest, resident)

    def _least_recently_used(self) -> str | None:
        """The network that may make room; the lock is held."""
        now = time.monotonic()
        may = [
            (resident.used, name)
            for name, resident in self._residents.items()
            if not resident.unloading
            and (now - resident.since > TURN_SECONDS or now - resident.used > IDLE_SECONDS)
        ]
        return min(may)[1] if may else None

    def _unload(self, name: str, resident: _Resident[Network]) -> None:
        """Let go of a network that was marked as unloading, once its last user has done."""
        with self._changed:
            while resident.users:
                self._changed.wait()
            resident.network = None
            _give_memory_back()
            del self._residents[name]
            self._on_load_change(name, "gone")
            self._changed.notify_all()
        logger.info("the network %s was let go", name)

    def _unload_idle(self) -> None:
        while True:
            time.sleep(min(self._keep_alive / 4, 15))
            with self._changed:
                now = time.monotonic()
                idle = {
                    name: resident
                    for name, resident in self._residents.items()
                    if not (resident.users or resident.unloading)
                    and now - resident.used > self._keep_alive
                }
                for resident in idle.values():
                    resident.unloading = True
            for name, resident in idle.items():
                self._unload(name, resident)


def _as_told(name: str, failure: Exception) -> PipelineError:
    """The failure as whoever asked for the network should hear of it."""
    if isinstance(failure, PipelineError):
        return failure
    if breaks_device(failure):
        return BrokenDevice(f"while the network {name!r} was loaded: {failure}")
    if is_out_of_memory(failure):
        return Overloaded(f"there is no memory for the network {name!r}: {failure}")
    return PipelineError(f"the network {name!r} cannot be loaded: {failure}")


def _give_memory_back() -> None:
    gc.collect()
    give_device_memory_back()
    give_memory_back()
