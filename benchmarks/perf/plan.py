"""How much is measured: what fits into the time that there is."""

from collections.abc import Sequence

WINDOWS = 3  # that perf_analyzer measures one after the other under the same load
WINDOW_SECONDS = 1.0  # between two of its looks at whether a window has all of its requests


def fewest(concurrency: int) -> int:
    """Requests of a window that say something: half of those that are in flight."""
    return max(1, concurrency // 2)


def seconds_for(concurrency: int, window: int, rate: float) -> float:
    """How long a measurement takes.

    Args:
        concurrency: requests in flight at any time; as many again end after the last window.
        window: requests of each window.
        rate: requests a second.
    """
    return WINDOWS * max(window / rate, WINDOW_SECONDS) + concurrency / rate


def choose_window(concurrency: int, rate: float, seconds: float) -> int:
    """How many requests a window may have for a measurement of so many seconds."""
    return max(fewest(concurrency), int((rate * seconds - concurrency) / WINDOWS))


def choose_levels(levels: Sequence[int], rate: float, seconds: float) -> list[int]:
    """Those of the concurrency levels, from the first one on, for which there is time.

    Args:
        rate: requests a second of one at a time; more at a time are not slower altogether.
        seconds: for all of them.

    Returns:
        At least the first one.
    """
    chosen: list[int] = []
    for level in levels:
        seconds -= seconds_for(level, fewest(level), rate)
        if chosen and seconds < 0:
            break
        chosen.append(level)
    return chosen
