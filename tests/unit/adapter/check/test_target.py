"""Which service is checked: the one at PORT if it is ours and well, else one of its own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from adapter.check import target
from adapter.check.target import NoService, Target, running
from pipeline.settings import Settings
from tests.services.ports import free_ports

HEALTHY = {"status": "healthy", "default_model": "base", "device": "cpu"}
UNHEALTHY = {"status": "unhealthy", "detail": "missing: whisper"}
KEY = "k" * 16


@contextmanager
def answering(status: int, body: object) -> Iterator[Settings]:
    """Somebody who answers so at PORT, where a key is sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = {"status": "healthy"}  # what strangers hear
            if self.headers["Authorization"] == f"Bearer {KEY}":
                told = body
            content = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield settings_for(server.server_port)
        server.shutdown()


def settings_for(port: int) -> Settings:
    return Settings(_env_file=None, host="127.0.0.1", port=port, api_key=KEY, device="cpu")


@pytest.fixture
def own(monkeypatch) -> Target:
    """What would be started."""
    started = Target(settings_for(1), HEALTHY, True, Path("faults"), 1.0)

    @contextmanager
    def start(_: Path) -> Iterator[Target]:
        yield started

    monkeypatch.setattr(target, "_own", start)
    return started


def test_the_service_that_runs_is_checked_without_faults(own):
    with answering(200, HEALTHY) as settings, running(settings) as found:
        assert found is not own
        assert found.about == HEALTHY
        assert found.faults is None
        assert found.url == f"http://127.0.0.1:{settings.port}"


def test_one_that_is_not_well_is_named_and_no_other_is_started(own):
    complaint = "is not healthy: missing: whisper; mend it or end it"
    with (
        answering(503, UNHEALTHY) as settings,
        pytest.raises(NoService, match=complaint),
        running(settings),
    ):
        pytest.fail("it goes on")


@pytest.mark.parametrize("body", [{"hello": "world"}, ["nonsense"], "text"])
def test_somebody_else_at_the_port_is_left_alone(own, body):
    with answering(200, body) as settings, running(settings) as found:
        assert found is own


def test_nobody_at_the_port(own):
    with running(settings_for(free_ports(1)[0])) as found:
        assert found is own
