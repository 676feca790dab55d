"""What a process does once it has had nothing to do for a while."""

import threading
from collections.abc import Callable

from pipeline.hardware import give_memory_back

IDLE_SECONDS = 2.0  # longer than what lies between two batches of one recording


class WhenIdle:
    """Calls something once after each stretch of work, when the work has paused for so long.

    Whisper's process keeps 230 MB of what its last batch of four needed, which takes 0.13 s
    to give back: too long between batches, and too much to keep for the next recording.
    """

    def __init__(
        self, call: Callable[[], None] = give_memory_back, seconds: float = IDLE_SECONDS
    ) -> None:
        self._call = call
        self._seconds = seconds
        self._worked = threading.Event()
        threading.Thread(target=self._watch, name="idle", daemon=True).start()

    def worked(self) -> None:
        """Some work has just been done."""
        self._worked.set()

    def _watch(self) -> None:
        while self._worked.wait():
            self._worked.clear()
            if not self._worked.wait(self._seconds):
                self._call()
