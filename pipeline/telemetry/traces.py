"""Spans of OpenTelemetry: what a process did for a request, told to a collector.

Only where OTEL_EXPORTER_OTLP_ENDPOINT names one; otherwise nothing is imported, and a span is an
object that does nothing.  A span's context travels as a W3C ``traceparent``: in an HTTP header to
the adapter, then as a request parameter through Triton.

What clients send stands in no span: no text, no names of files, no prompts, no keys.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal

from pipeline.options import TRACEPARENT_PATTERN
from pipeline.settings import Settings

SERVICE = "triton-asr"
FLUSH_SECONDS = 1.0  # that a process waits at its end for the collector
Kind = Literal["server", "client", "internal"]
Attribute = str | int | float | bool


class Span:
    """One that is told to nobody, and what all of them can."""

    traceparent: str | None = None  # for its children, in whichever process

    def tell(self, attributes: Mapping[str, Attribute | None], name: str | None = None) -> None:
        """Say something about it.

        Args:
            attributes: by the names that OpenTelemetry has for them, or ``asr.…``.
            name: another one for itself.
        """

    def end(self, failure: str | None = None) -> None:
        """What it stands for is over; ``failure`` is the kind of what went wrong."""


class Tracer:
    """Makes spans; this one none that anybody is told."""

    def begin(
        self, name: str, parent: str | None = None, kind: Kind = "internal", since: float = 0.0
    ) -> Span:
        """A span that has begun.

        Args:
            parent: the ``traceparent`` of the one that it is a part of; None begins a trace.
            since: seconds ago that it began.
        """
        return Span()

    def flush(self) -> None:
        """Have the collector told of what has ended, if it listens."""


_tracer = Tracer()


def configure(settings: Settings, process: str) -> None:
    """Have the spans of this process told, if there is somebody to tell them."""
    global _tracer
    if settings.otel_exporter_otlp_endpoint:
        _tracer = _Telling(settings, process)


def are_told() -> bool:
    """Whether there is somebody to tell of spans."""
    return type(_tracer) is not Tracer


def begin(
    name: str, parent: str | None = None, kind: Kind = "internal", since: float = 0.0
) -> Span:
    """As :meth:`Tracer.begin`, of this process."""
    return _tracer.begin(name, parent, kind, since)


def flush() -> None:
    """As :meth:`Tracer.flush`, of this process."""
    _tracer.flush()


def is_traceparent(text: object) -> bool:
    """Whether this is the context of a span."""
    return isinstance(text, str) and re.fullmatch(TRACEPARENT_PATTERN, text) is not None


@contextmanager
def span(name: str, parent: str | None = None, kind: Kind = "internal") -> Iterator[Span]:
    """A span around what is done meanwhile; an exception is its failure."""
    begun = begin(name, parent, kind)
    try:
        yield begun
    except BaseException as failure:
        begun.end(type(failure).__name__)
        raise
    begun.end()


def batch(
    name: str, parents: Sequence[str | None], since: float, failures: Sequence[str | None]
) -> None:
    """Tell of a batch that has been answered, in each of the traces that had a part in it.

    Args:
        parents: the ``traceparent`` of each piece, as far as there is a valid one.
        since: seconds ago that it began.
        failures: the kind of what went wrong with each piece.
    """
    for parent in dict.fromkeys(filter(is_traceparent, parents)):
        mine = [failures[at] for at, each in enumerate(parents) if each == parent]
        told = begin(name, parent, since=since)
        told.tell({"asr.batch_size": len(parents), "asr.pieces": len(mine)})
        told.end(next(filter(None, mine), None))


class _Telling(Tracer):
    """One whose spans go to the collector, in the background."""

    def __init__(self, settings: Settings, process: str) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.util.re import parse_env_headers

        name = f"{os.environ.get('OTEL_SERVICE_NAME') or SERVICE}-{process}"
        resource = Resource.create({"service.name": name, "process.pid": os.getpid()})
        # At exit it would wait for a collector that does not answer.
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        # Given, as a .env is not in the environment that the SDK reads.
        headers = settings.otel_exporter_otlp_headers
        exporter = OTLPSpanExporter(
            f"{settings.otel_exporter_otlp_endpoint.rstrip('/')}/v1/traces",
            headers=parse_env_headers(headers.get_secret_value(), liberal=True)
            if headers
            else None,
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer(SERVICE)

    def begin(
        self, name: str, parent: str | None = None, kind: Kind = "internal", since: float = 0.0
    ) -> Span:
        from opentelemetry.context import Context
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        # Not the context of this thread, where a library may have begun a trace of its own.
        context = Context()
        if parent:
            carrier = {"traceparent": parent}
            context = TraceContextTextMapPropagator().extract(carrier, context)
        begun = time.time_ns() - int(since * 1e9)
        return _Told(
            self._tracer.start_span(name, context, SpanKind[kind.upper()], start_time=begun)
        )

    def flush(self) -> None:
        flushing = threading.Thread(target=self._provider.force_flush, daemon=True)
        flushing.start()
        flushing.join(FLUSH_SECONDS)


class _Told(Span):
    """One of the SDK's."""

    def __init__(self, told: object) -> None:
        self._told = told
        context = told.get_span_context()
        if context.is_valid:  # not where OTEL_SDK_DISABLED says so
            flags = f"{int(context.trace_flags):02x}"
            self.traceparent = f"00-{context.trace_id:032x}-{context.span_id:016x}-{flags}"

    def tell(self, attributes: Mapping[str, Attribute | None], name: str | None = None) -> None:
        self._told.set_attributes(
            {key: said for key, said in attributes.items() if said is not None}
        )
        if name:
            self._told.update_name(name)

    def end(self, failure: str | None = None) -> None:
        from opentelemetry.trace import Status, StatusCode

        if failure:
            self._told.set_attribute("error.type", failure)
            self._told.set_status(Status(StatusCode.ERROR, failure))
        self._told.end()
