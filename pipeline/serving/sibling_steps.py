"""The other steps of an ensemble, before it is told that one of them has failed.

Triton 2.51 ends an ensemble as soon as a step reports a failure, in the thread
that reports it.  If another thread is still handing the request to the next
step, the two wait for each other's locks for good, and the gRPC front end with
them; if another step is still copying its input, that is freed meanwhile and
Triton crashes.  So a failure is reported when the siblings have the request.
"""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor, wait

from pipeline.serving.signals import CANCEL, PROBE, STEPS, send_signal

HANDED_OVER_SECONDS = 0.1  # after its arrival here a request is with its other steps
ANSWER_SECONDS = 1.0  # that a sibling may take, which answers between two requests


class SiblingSteps:
    """The steps beside the one that is called ``name``."""

    def __init__(self, name: str) -> None:
        self._steps = STEPS.keys() - {name}
        self._threads = ThreadPoolExecutor(len(STEPS), thread_name_prefix="siblings")

    def prepare_for_failure(self, arrived: float, key: str | None) -> None:
        """Return when a failure of the request may be reported.

        Args:
            arrived: when the request came, by the monotonic clock.
            key: of the request, which they need not work on any more; None if
                they are not to be told so.
        """
        time.sleep(max(arrived + HANDED_OVER_SECONDS - time.monotonic(), 0))
        what = {PROBE: True} if key is None else {CANCEL: key}
        with contextlib.suppress(RuntimeError):  # no thread can be started: it fails all the same
            # Answered in the order of arrival, and so after what arrived there before.
            wait([self._threads.submit(_tell, step, what) for step in self._steps], ANSWER_SECONDS)

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _tell(step: str, what: dict[str, str | bool]) -> None:
    with contextlib.suppress(Exception):  # it is not there
        send_signal(step, what)
