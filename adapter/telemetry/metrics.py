"""The adapter's metrics, as Prometheus reads them: ``GET /metrics``.

Names and units follow Prometheus' conventions, and no label has values that clients choose.
``docs/metrics.md`` says what each of them means.
"""

import time
from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from adapter.telemetry.record import ANSWER, OUTCOME_NAMES, STAGES, UPLOAD, Record

# Seconds: from a short recording's parts to what a day's meetings take.
SECONDS = (
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20),
    *(40, 60, 120, 300, 600, 1800, 3600, 14400),
)
SPEEDS = (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256)  # seconds of audio a second
# What becomes of an attempt at a job: "left" to the next one, after a death or at our end.
COMPLETED, FAILED, LEFT, LOST = JOB_OUTCOMES = ("completed", "failed", "left", "lost")
TAKEN, REFUSED, UNANSWERED = WEBHOOK_OUTCOMES = ("taken", "refused", "unanswered")


disable_created_metrics()  # when each series began: as many lines again, and nobody asks


class Metrics:
    """Of one application; each has a registry of its own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter(
            "asr_requests",
            "Requests that have ended",
            ["route", "status"],
            registry=registry,
        )
        self._outcomes = Counter(
            "asr_transcriptions",
            "Requests to transcribe that have ended",
            ["outcome"],
            registry=registry,
        )
        for outcome in OUTCOME_NAMES:
            self._outcomes.labels(outcome)  # there from the start, so that rates see the first one
        self._seconds = Histogram(
            "asr_request_seconds",
            "Seconds from a request's first byte to its answer's last, of recordings",
            ["route"],
            buckets=SECONDS,
            registry=registry,
        )
        self._stages = Histogram(
            "asr_stage_seconds",
            "Seconds of each stage of a request; diarization runs beside two others",
            ["stage"],
            buckets=SECONDS,
            registry=registry,
        )
        self._critical_path = Counter(
            "asr_critical_path_seconds",
            "Seconds that clients waited for each stage: without what ran beside a longer one",
            ["stage"],
            registry=registry,
        )
        for stage in STAGES:
            self._stages.labels(stage)
            self._critical_path.labels(stage)
        self._audio = Counter(
            "asr_audio_seconds", "Seconds of audio that were transcribed", registry=registry
        )
        self._speech = Counter(
            "asr_speech_seconds",
            "Seconds of that in which somebody spoke, as Whisper heard them",
            registry=registry,
        )
        self._speed = Histogram(
            "asr_real_time_factor",
            "Seconds of audio that a request's work got through in a second",
            buckets=SPEEDS,
            registry=registry,
        )
        self._first_byte = Histogram(
            "asr_stream_first_byte_seconds",
            "Seconds from the end of an upload to the first byte of an answer in parts",
            buckets=SECONDS,
            registry=registry,
        )
        self._jobs = Counter(
            "asr_jobs", "Attempts at jobs that have ended", ["outcome"], registry=registry
        )
        self._webhooks = Counter(
            "asr_webhook_attempts",
            "Attempts to tell an address that a job has ended",
            ["outcome"],
            registry=registry,
        )
        for family, outcomes in ((self._jobs, JOB_OUTCOMES), (self._webhooks, WEBHOOK_OUTCOMES)):
            for outcome in outcomes:
                family.labels(outcome)
        self._received = Counter(
            "asr_received_bytes", "Bytes of the bodies of requests", registry=registry
        )
        self._sent = Counter("asr_sent_bytes", "Bytes of the bodies of answers", registry=registry)
        self._cost = Counter(
            "asr_telemetry_cpu_seconds",
            "Processor seconds that it took to count and to tell all this",
            registry=registry,
        )

    def gauge(self, name: str, description: str, value: Callable[[], float]) -> None:
        """Tell a number as it is when the page is read."""
        Gauge(name, description, registry=self.registry).set_function(value)

    def count(self, record: Record, route: str) -> None:
        """Count a request that has ended."""
        begun = time.thread_time()
        self._requests.labels(route, str(record.status or 500)).inc()
        self._received.inc(record.received)
        self._sent.inc(record.sent)
        if record.seconds:
            self._count_recording(record, route)
        self._cost.inc(time.thread_time() - begun)

    def _count_recording(self, record: Record, route: str) -> None:
        self._outcomes.labels(record.outcome).inc()
        self._seconds.labels(route).observe(record.total)
        for stage, seconds in record.seconds.items():
            self._stages.labels(stage).observe(seconds)
        for stage, seconds in record.critical_path.items():
            self._critical_path.labels(stage).inc(seconds)
        if record.first_byte is not None:
            self._first_byte.observe(record.first_byte)
        audio = record.about.get("audio_seconds")
        if audio is not None:
            self._audio.inc(audio)
            self._speech.inc(record.about["speech_seconds"])
            beside = record.seconds.get(UPLOAD, 0.0) + record.seconds.get(ANSWER, 0.0)
            self._speed.observe(audio / max(record.total - beside, 1e-3))

    def count_job(self, outcome: str) -> None:
        """Count an attempt at a job, whose end the store has: one of JOB_OUTCOMES."""
        self._jobs.labels(outcome).inc()

    def count_webhook(self, outcome: str) -> None:
        """Count an attempt to tell of a job: one of WEBHOOK_OUTCOMES."""
        self._webhooks.labels(outcome).inc()

    def page(self) -> bytes:
        """All of them in Prometheus' text format."""
        begun = time.thread_time()
        page = generate_latest(self.registry)
        self._cost.inc(time.thread_time() - begun)
        return page
