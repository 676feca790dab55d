"""A host of somebody else's: it has recordings to be fetched, and hears what it is told."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Outside:
    """What it answers by path, and what it was asked."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    leads_to: dict[str, str] = field(default_factory=dict)
    endless: set[str] = field(default_factory=set)  # what comes byte by byte, and never ends
    answers: list[int] = field(default_factory=list)  # statuses of the next POSTs, then 200
    posts: list[tuple[str, dict[str, str], dict]] = field(default_factory=list)
    gets: list[str] = field(default_factory=list)

    @property
    def told(self) -> list[dict]:
        """The JSON of all that was posted."""
        return [body for _, _, body in self.posts]


@contextmanager
def outside() -> Iterator[Outside]:
    """Run it on the loopback interface."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host.gets.append(self.path)
            if self.path in host.leads_to:
                self.send_response(302)
                self.send_header("Location", host.leads_to[self.path])
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if self.path in host.endless:
                self.send_response(200)
                self.end_headers()
                with contextlib.suppress(OSError):  # whoever asked has left
                    while True:
                        self.wfile.write(b"x")
                        time.sleep(0.05)
                return
            content = host.files.get(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            host.posts.append((self.path, headers, json.loads(body)))
            self.send_response(host.answers.pop(0) if host.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    host = Outside(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
