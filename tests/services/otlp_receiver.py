"""A receiver of OTLP over HTTP: what a collector of OpenTelemetry is to who sends it spans."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1 import trace_pb2

WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class Span:
    """One, as it arrived."""

    service: str
    name: str
    kind: str  # as SPAN_KIND_SERVER
    trace_id: str
    span_id: str
    parent_id: str  # empty for the first of a trace
    start: float  # Unix time
    end: float
    failed: bool
    attributes: dict[str, object] = field(compare=False)


class Receiver:
    """The spans that have come, by HTTP at ``endpoint``."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.headers: list[dict[str, str]] = []  # of each request
        self._come = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.path != "/v1/traces":
                    self.send_error(404)
                    return
                receiver.take(ExportTraceServiceRequest.FromString(body), dict(self.headers))
                answer = ExportTraceServiceResponse().SerializeToString()
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def take(self, request: ExportTraceServiceRequest, headers: dict[str, str]) -> None:
        """Keep what one request brings."""
        found = [
            _read(span, _attributes(resource.resource.attributes).get("service.name", ""))
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        with self._come:
            self.headers.append({name.lower(): value for name, value in headers.items()})
            self.spans += found
            self._come.notify_all()

    def wait_for(self, enough: Callable[[list[Span]], bool]) -> list[Span]:
        """The spans, once there are those that are waited for; fails after a minute without."""
        end = time.monotonic() + WAIT_SECONDS
        with self._come:
            while not enough(self.spans):
                left = end - time.monotonic()
                names = [(span.service, span.name) for span in self.spans]
                assert left > 0, f"what has come is {names}"
                self._come.wait(left)
            return list(self.spans)

    def serve(self) -> None:
        """Answer until :meth:`stop`."""
        self._server.serve_forever()

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def otlp_receiver() -> Iterator[Receiver]:
    """Run one on a port of its own."""
    receiver = Receiver()
    thread = threading.Thread(target=receiver.serve)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.stop()
        thread.join()


def _read(span: trace_pb2.Span, service: str) -> Span:
    return Span(
        service=service,
        name=span.name,
        kind=trace_pb2.Span.SpanKind.Name(span.kind),
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        start=span.start_time_unix_nano / 1e9,
        end=span.end_time_unix_nano / 1e9,
        failed=span.status.code == trace_pb2.Status.STATUS_CODE_ERROR,
        attributes=_attributes(span.attributes),
    )


def _attributes(pairs: list) -> dict[str, object]:
    return {
        pair.key: getattr(pair.value, pair.value.WhichOneof("value") or "string_value")
        for pair in pairs
    }
