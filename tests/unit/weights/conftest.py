"""A package index and a model hub that a test can fill, without a network."""

import hashlib
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipeline.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with an empty cache."""
    return Settings(cache_dir=tmp_path / "cache", hf_token=None, hf_hub_offline=False)


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make wheels that pip finds, and only those."""
    index = tmp_path / "index"
    index.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))

    def make(name: str, version: str, files: dict[str, bytes]) -> None:
        stem = f"{name.replace('-', '_')}-{version}"
        with zipfile.ZipFile(index / f"{stem}-py3-none-any.whl", "w") as archive:
            for path, content in files.items():
                archive.writestr(path, content)
            archive.writestr(
                f"{stem}.dist-info/METADATA",
                f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            )
            archive.writestr(
                f"{stem}.dist-info/WHEEL",
                "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            )
            archive.writestr(f"{stem}.dist-info/RECORD", "")

    return make


@dataclass
class Hub:
    """The part of the model hub's HTTP interface that downloads use."""

    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    large: set[str] = field(default_factory=set)  # files that the hub keeps outside git
    damaged: set[str] = field(default_factory=set)  # files that arrive with other bytes
    requests: list[str] = field(default_factory=list)

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


@pytest.fixture
def model_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub on this machine that huggingface_hub talks to."""
    state = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            state.requests.append(f"{self.command} {self.path}")
            if self.path == "/":
                return self.reply(200, b"")
            if self.path.startswith("/api/models/"):
                repository = self.path.removeprefix("/api/models/").split("?")[0]
                if repository in state.repositories:
                    return self.reply(200, json.dumps(state.info(repository)).encode())
            else:
                repository, _, rest = self.path.lstrip("/").partition("/resolve/")
                path = rest.partition("/")[2]
                content = state.repositories.get(repository, {}).get(path)
                if content is not None:
                    etag = sha256(content) if path in state.large else git_id(content)
                    if path in state.damaged:
                        content = bytes(len(content))
                    return self.reply(
                        200, content, {"ETag": f'"{etag}"', "X-Repo-Commit": state.COMMIT}
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
        point_hub_at(f"http://127.0.0.1:{server.server_port}", monkeypatch)
        yield state
        server.shutdown()


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub that refuses connections, whatever this machine can reach."""
    point_hub_at("http://127.0.0.1:9", monkeypatch)


def point_hub_at(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make ``endpoint`` the model hub for this test."""
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
