"""Counters, gauges and histograms of one model's process.

Triton's figures for the steps are of ``execute`` alone, which returns at once: only these tell
where time goes.
"""

from __future__ import annotations

import ctypes
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence

import triton_python_backend_utils as pb_utils

SECONDS = (
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0),
    *(40.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14400.0),
)
PIECES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
COST_SECONDS = 0.001  # of processor time, after which the cost of telling is told itself
CLOSE_SECONDS = 2.0
NOT_TOLD = -1  # the number of a metric that Triton does not take

Tell = Callable[[float], None]

logger = logging.getLogger(__name__)


class Meters:
    """What one process tells; under a Triton without metrics it serves all the same.

    One thread tells all of it.  Two threads that change one metric at once make Triton 2.51
    crash: each change is written to where the one before is being read from.  And nobody else
    waits for Triton's answer.
    """

    def __init__(self, **labels: str) -> None:
        """Args:
        labels: of every metric.
        """
        self._labels = labels
        self._tells: list[Tell] = []
        self._changes: queue.SimpleQueue[tuple[int, float] | None] = queue.SimpleQueue()
        self._cost = self._metric(
            "COUNTER",
            "increment",
            "asr_model_telemetry_cpu_seconds_total",
            "Processor seconds that a model's process took to tell its metrics",
        )
        self._thread = threading.Thread(target=self._tell_all, name="meters", daemon=True)
        self._thread.start()

    def counter(self, name: str, description: str, **labels: str) -> Tell:
        """What counts up by so much; there from the start, at 0."""
        return self._queued(self._metric("COUNTER", "increment", name, description, **labels))

    def gauge(self, name: str, description: str, **labels: str) -> Tell:
        """What is so much now; there from the start, at 0."""
        tell = self._queued(self._metric("GAUGE", "set", name, description, **labels))
        tell(0.0)  # a process that died may have left another number
        return tell

    def histogram(
        self, name: str, description: str, buckets: Sequence[float], **labels: str
    ) -> Tell:
        """What counts how often such a value was seen, up to each of ``buckets``."""
        kind = ("HISTOGRAM", "observe", name, description)
        return self._queued(self._metric(*kind, buckets=list(buckets), **labels))

    def close(self) -> None:
        """Tell what is left; the model's next process goes on with the same metrics."""
        self._changes.put(None)
        self._thread.join(CLOSE_SECONDS)

    def _metric(
        self,
        kind: str,
        method: str,
        name: str,
        description: str,
        buckets: list[float] | None = None,
        **labels: str,
    ) -> int:
        more = {} if buckets is None else {"buckets": buckets}
        try:
            family = pb_utils.MetricFamily(
                name=name, description=description, kind=getattr(pb_utils.MetricFamily, kind)
            )
            metric = family.Metric(labels={**self._labels, **labels}, **more)
        except pb_utils.TritonModelException as failure:
            logger.warning("%s is not told: %s", name, failure)
            return NOT_TOLD
        _stays(family)
        _stays(metric)
        self._tells.append(getattr(metric, method))
        return len(self._tells) - 1

    def _queued(self, number: int) -> Tell:
        if number == NOT_TOLD:
            return lambda value: None
        return lambda value: self._changes.put((number, value))

    def _tell_all(self) -> None:
        told = 0.0
        while (change := self._changes.get()) is not None:
            number, value = change
            try:
                self._tells[number](value)
                cost = time.thread_time() - told
                if cost >= COST_SECONDS and self._cost != NOT_TOLD:
                    told += cost
                    self._tells[self._cost](cost)
            except pb_utils.TritonModelException as failure:
                logger.warning("a metric is not told: %s", failure)


def _stays(told: object) -> None:
    """Let something be there until the process ends, and not be taken back from Triton.

    Triton 2.51 takes a metric away with the last reference that one process has to it, whoever
    else tells it: the old process of a model that is loaded anew would free what the new one
    writes to, and Triton would end some requests later.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(told))
