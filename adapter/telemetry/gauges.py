"""What is the case while the metrics' page is read: who is at work, who waits, what is free."""

import os
import tempfile
from pathlib import Path

from adapter.intake.recording import SHARED_MEMORY
from adapter.service import Service
from adapter.telemetry.metrics import Metrics


def install(metrics: Metrics, service: Service) -> None:
    """Have the page tell it of this service."""
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


def _free(folder: Path) -> float:
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize
