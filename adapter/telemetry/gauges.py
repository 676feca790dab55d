"""What is the case while the metrics' page is read: who is at work, who waits, what is free."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from adapter.intake.recording import SHARED_MEMORY
from adapter.service import Service


def install(service: Service) -> None:
    """Have the page tell it of this service."""
    metrics = service.metrics
    gauges = (
        ("asr_recordings_in_flight", "Recordings that are being worked on", lambda: in_work.taken),
        ("asr_recordings_most", "Recordings that may be worked on at once", lambda: in_work.number),
        ("asr_recordings_waiting", "Recordings that are here and wait", lambda: in_work.waiting),
        ("asr_uploads_in_flight", "Uploads on their way", lambda: uploads.taken),
        (
            "asr_uploads_free_bytes",
            "Bytes that are free where uploads lie",
            lambda: _free(Path(tempfile.gettempdir())),
        ),
        (
            "asr_shared_memory_free_bytes",
            "Bytes that are free where recordings lie that Triton reads",
            lambda: _free(SHARED_MEMORY),
        ),
    )
    in_work, uploads = service.recordings, service.uploads
    for gauge in gauges:
        metrics.gauge(*gauge)
    metrics.registry.register(Recoveries(service.engine.recoveries))


class Recoveries(Collector):
    """What the adapter had to do for Triton's models."""

    METRICS = (
        ("deaths", "asr_process_deaths", "Processes of models that died or stood still"),
        ("loads", "asr_model_reloads", "Times that a model was loaded again"),
        ("failures", "asr_model_reload_failures", "Attempts to load a model again that failed"),
    )

    def __init__(self, tally: Callable[[], dict[str, dict[str, int]]]) -> None:
        """Args:
        tally: counts of each kind for each model.
        """
        self._tally = tally

    def describe(self) -> Iterator[CounterMetricFamily]:
        """Their names, without asking anybody."""
        return iter(CounterMetricFamily(name, what) for _, name, what in self.METRICS)

    def collect(self) -> Iterator[CounterMetricFamily]:
        """The counts now."""
        tally = self._tally()
        for kind, name, what in self.METRICS:
            family = CounterMetricFamily(name, what, labels=["model"])
            for model, count in tally[kind].items():
                family.add_metric([model], count)
            yield family


def _free(folder: Path) -> float:
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize
