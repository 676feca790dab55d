"""Waiting for what another thread or process does."""

import time
from collections.abc import Callable

SECONDS = 120  # that anything may take on a slow machine
PAUSE = 0.02


def until(condition: Callable[[], bool]) -> None:
    """Return when it holds; fails if it never does."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(PAUSE)
