"""A model hub on this machine that a test can fill, damage and hold up."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATIENCE = 60  # seconds, for a test that fails before it opens the hub
# The files of a repository that looks like a Whisper's.
WHISPER = {
    "config.json": b"{}",
    "model.bin": b"weights" * 100,
    "tokenizer.json": b'{"a": 1}',
    "vocabulary.txt": b"a\nb",
    "README.md": b"not needed",
}


@dataclass
class Hub:
    """The part of the model hub's HTTP interface that downloads use."""

    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    large: set[str] = field(default_factory=set)  # files that the hub keeps outside git
    damaged: set[str] = field(default_factory=set)  # files that arrive with other bytes
    gated: set[str] = field(default_factory=set)  # repositories whose files nobody may have
    requests: list[str] = field(default_factory=list)
    tokens: dict[str, str | None] = field(default_factory=dict)  # that came with each
    open: threading.Event = field(default_factory=threading.Event)  # files wait for it

    COMMIT = "0" * 39 + "1"

    def info(self, repository: str) -> dict[str, object]:
        """What the hub says of a repository and its files."""
        return {
            "id": repository,
            "sha": self.COMMIT,
            "siblings": [
                self._sibling(path, content)
                for path, content in self.repositories[repository].items()
            ],
        }

    def _sibling(self, path: str, content: bytes) -> dict[str, object]:
        sibling = {"rfilename": path, "size": len(content), "blobId": git_id(content)}
        if path in self.large:
            sibling["lfs"] = {"size": len(content), "sha256": sha256(content), "pointerSize": 130}
        return sibling


def git_id(content: bytes) -> str:
    """What git calls a blob."""
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content)).hexdigest()


def sha256(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


@contextmanager
def serve_hub() -> Iterator[tuple[Hub, str]]:
    """Run an empty one that is open; gives it and its URL."""
    hub = Hub()
    hub.open.set()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            hub.requests.append(f"{self.command} {self.path}")
            hub.tokens[hub.requests[-1]] = self.headers.get("Authorization")
            if self.path == "/":
                return self.reply(200, b"")
            if self.path.startswith("/api/models/"):
                asked = self.path.removeprefix("/api/models/").split("?")[0]
                repository, _, revision = asked.partition("/revision/")
                if revision not in ("", hub.COMMIT):
                    return self.reply(404, b"", {"X-Error-Code": "RevisionNotFound"})
                if repository in hub.repositories:
                    return self.reply(200, json.dumps(hub.info(repository)).encode())
            else:
                repository, _, rest = self.path.lstrip("/").partition("/resolve/")
                path = rest.partition("/")[2]
                content = hub.repositories.get(repository, {}).get(path)
                if repository in hub.gated:
                    return self.reply(403, b"", {"X-Error-Code": "GatedRepo"})
                if content is not None:
                    if self.command == "GET":
                        hub.open.wait(PATIENCE)
                    etag = sha256(content) if path in hub.large else git_id(content)
                    if path in hub.damaged:
                        content = bytes(len(content))
                    return self.reply(
                        200, content, {"ETag": f'"{etag}"', "X-Repo-Commit": hub.COMMIT}
                    )
            return self.reply(404, b"", {"X-Error-Code": "RepoNotFound"})

        def reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            """Nothing: the test looks at what was asked."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield hub, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
