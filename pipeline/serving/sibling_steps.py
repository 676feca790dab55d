"""The other steps of an ensemble, which need not go on when one of them has failed."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor

from pipeline.serving.signals import CANCEL, STEPS, send_signal


class SiblingSteps:
    """The steps beside the one that is called ``name``."""

    def __init__(self, name: str) -> None:
        self._steps = STEPS.keys() - {name}
        self._threads = ThreadPoolExecutor(len(STEPS), thread_name_prefix="siblings")

    def cancel(self, key: str) -> None:
        """Tell them that nobody waits for the request with this key; returns at once."""
        with contextlib.suppress(RuntimeError):  # no thread can be started: they work in vain
            for step in self._steps:
                self._threads.submit(_tell, step, key)

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _tell(step: str, key: str) -> None:
    with contextlib.suppress(Exception):  # it is not there
        send_signal(step, {CANCEL: key})
