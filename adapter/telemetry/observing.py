"""Around every request: its id, its line in the log, and its part in the metrics."""

import asyncio
import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapter.errors import UNAVAILABLE
from adapter.telemetry.metrics import Metrics
from adapter.telemetry.record import CURRENT, HEADER, OTHER, STAGES, Record, sent_id, sent_parent
from pipeline.errors import DeadlineExceeded, InvalidRequest
from pipeline.telemetry.logs import REQUEST_ID

# Asked every few seconds, or by dozens: told at the level debug.
PROBES = ("/health", "/metrics", "/", "/ui", "/ui/{name:path}")
ELSEWHERE = "other"  # the route of what has none: paths are the clients', and have no end
JOB = "job"  # where a route is told, of what is worked on after its request
# As a request that fails so would have been answered.
JOB_STATUSES = {InvalidRequest: 400, DeadlineExceeded: 504, UNAVAILABLE: 503}
STREAM = b"text/event-stream"

logger = logging.getLogger(__name__)


class Observed:
    """ASGI middleware, to be the outermost: it sees the answers to mistakes as well."""

    def __init__(self, app: ASGIApp, metrics: Metrics, paths: Collection[str]) -> None:
        """Args:
        paths: of the routes without parameters, for requests that are refused before any.
        """
        self._app = app
        self._metrics = metrics
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        record = Record(sent_id(scope["headers"]), sent_parent(scope["headers"]))
        exchange = _Exchange(record, receive, send)
        tokens = CURRENT.set(record), REQUEST_ID.set(record.id)
        try:
            await self._app(scope, exchange.receive, exchange.send)
        finally:
            record.finish()
            route = self._route(scope)
            self._metrics.count(record, route)
            tell(record, scope["method"], route)
            trace(record, scope["method"], route)
            CURRENT.reset(tokens[0])
            REQUEST_ID.reset(tokens[1])

    def _route(self, scope: Scope) -> str:
        path = getattr(scope.get("route"), "path", None)
        if path is None and scope["path"] in self._paths:
            path = scope["path"]
        return path or ELSEWHERE


@contextmanager
def observed_job(record: Record, metrics: Metrics) -> Iterator[None]:
    """Around one attempt at a job, which is told of as a request is.

    Args:
        record: of the attempt.
        metrics: where it is counted.
    """
    record.trace()
    try:
        yield
        record.status = 200
    except Exception as failure:
        known = (status for kind, status in JOB_STATUSES.items() if isinstance(failure, kind))
        record.status = next(known, 500)
        raise
    except asyncio.CancelledError:
        record.hung_up()
        raise
    finally:
        record.finish()
        metrics.count(record, JOB)
        tell(record, "JOB", JOB)
        trace(record, "JOB", JOB)


class _Exchange:
    """A request's messages on their way through."""

    def __init__(self, record: Record, receive: Receive, send: Send) -> None:
        self._record = record
        self._receive = receive
        self._send = send
        self._streams = self._complete = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._record.received += len(message.get("body", b""))
        if message["type"] == "http.disconnect" and not self._complete:
            self._record.hung_up()
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._record.status = message["status"]
            headers = list(message.get("headers", ()))
            self._streams = any(value.startswith(STREAM) for _, value in headers)
            message = {**message, "headers": [*headers, (HEADER, self._record.id.encode())]}
        elif message["type"] == "http.response.body":
            if self._streams and not self._record.sent:
                self._record.begin_stream()
            self._record.sent += len(message.get("body", b""))
            self._complete = not message.get("more_body", False)
        await self._send(message)


def tell(record: Record, method: str, route: str) -> None:
    """Write the line of a request that has ended."""
    stages = {name: round(record.seconds[name], 3) for name in STAGES if name in record.seconds}
    if stages:
        stages[OTHER] = round(record.critical_path[OTHER], 3)
    fields = {
        "method": method,
        "route": route,
        "status": record.status or 500,
        "outcome": record.outcome,
        "seconds": round(record.total, 3),
        "stages": stages,
        **record.about,
        "received_bytes": record.received,
        "sent_bytes": record.sent,
    }
    quiet = route in PROBES and record.outcome == "answered"
    logger.log(logging.DEBUG if quiet else logging.INFO, "request", extra={"fields": fields})


def trace(record: Record, method: str, route: str) -> None:
    """Tell the collector of traces of a request that has ended."""
    status = record.status or 500
    about = {f"asr.{name}": value for name, value in record.about.items()}
    http = {
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": status,
    }
    ours = {"asr.request_id": record.id, "asr.outcome": record.outcome}
    record.span.tell({**http, **ours, **about}, name=f"{method} {route}")
    record.span.end(record.outcome if status >= 500 or record.outcome == "failed" else None)
