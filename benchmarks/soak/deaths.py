"""Deaths now and then: each model's process, the adapter, and Triton itself."""

import contextlib
import os
import random
import signal
import threading
from collections.abc import Callable

from adapter.triton.processes import live_instances
from benchmarks.running.measure import progress
from benchmarks.running.processes import Process
from benchmarks.soak.remains import ADAPTER, TRITON


class Deaths:
    """Kills processes until it is stopped, one after the other."""

    def __init__(
        self,
        processes: Callable[[], list[Process]],
        secret: Callable[[], str | None],
        every: float,
        seed: int,
    ) -> None:
        """Args:
        every: seconds between two deaths.
        """
        self.of_models = 0  # since Triton was started
        self.all: list[tuple[float, str]] = []  # when, by the monotonic clock, and what
        self._processes = processes
        self._secret = secret
        self._every = every
        self._chance = random.Random(seed)
        self._over = threading.Event()

    def run(self, seconds: float, clock: Callable[[], float], servers: bool) -> None:
        """Kill for so long.

        Args:
            clock: the time that is noted.
            servers: whether Triton dies too, when half of the time has passed, and the adapter.
        """
        end, half = clock() + seconds, clock() + seconds / 2
        waiting = [TRITON, ADAPTER] if servers else []
        models: list[str] = []
        while clock() + self._every < end and not self._over.wait(self._every):
            if waiting and clock() > half:
                self._kill(waiting.pop(0), clock())
                continue
            models = models or sorted(live_instances(self._secret()) or {})
            if models:
                self._kill(models.pop(self._chance.randrange(len(models))), clock())
        self._over.wait(max(end - clock(), 0))

    def stop(self) -> None:
        """Kill no more."""
        self._over.set()

    def _kill(self, what: str, now: float) -> None:
        for process in self._found(what):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
                self.all.append((now, what))
                self.of_models = 0 if what == TRITON else self.of_models + (what != ADAPTER)
                progress(f"killed {what}")

    def _found(self, what: str) -> list[int]:
        if what not in (ADAPTER, TRITON):
            return list((live_instances(self._secret()) or {}).get(what, {}).values())
        mark = "adapter.app:create_app" if what == ADAPTER else "/bin/tritonserver "
        return [each.pid for each in self._processes() if mark in each.command]
