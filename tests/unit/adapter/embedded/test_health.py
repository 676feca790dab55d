"""What the image's health check says of a Triton that does not transcribe."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from adapter.embedded.health import fault
from tests.services.ports import free_ports


class Leaves:
    """What a Triton's leaves have done, and do when they are asked."""

    def __init__(self) -> None:
        self.counts = {"whisper": [0, 0], "speaker_embedding": [0, 0]}
        self.refusals: dict[str, str] = {}
        self.asked: list[str] = []

    def infer(self, leaf: str) -> tuple[int, object]:
        """A status and a body."""
        self.asked.append(leaf)
        refusal = self.refusals.get(leaf)
        self.counts[leaf][refusal is not None] += 1
        return (500, {"error": refusal}) if refusal else (200, {"outputs": []})

    def stats(self, leaf: str) -> object:
        """As Triton tells them."""
        answered, failed = ({"count": count} for count in self.counts[leaf])
        return {"model_stats": [{"inference_stats": {"success": answered, "fail": failed}}]}


@contextmanager
def answering(index: object, transcript: object, leaves: Leaves | None = None) -> Iterator[int]:
    """A server that speaks as Triton does: its port."""
    leaves = leaves or Leaves()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(200, leaves.stats(self.path.split("/")[3]))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v2/repository/index":
                self.answer(200, index)
            elif self.path == "/v2/models/asr/infer":
                self.answer(200, transcript)
            else:
                self.answer(*leaves.infer(self.path.split("/")[3]))

        def answer(self, status: int, body: object) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def heard(*segments: dict) -> dict:
    document = json.dumps({"segments": segments}).encode()
    return {"outputs": [{"name": "TRANSCRIPT", "data": list(document)}]}


READY = [{"name": "whisper", "state": "READY"}, {"name": "asr", "state": "READY"}]
LOST = [{"name": "whisper", "state": "UNAVAILABLE", "reason": "no room"}, {"name": "wav2vec2"}]


def test_no_server_is_a_fault():
    assert "Connection refused" in fault(free_ports(1)[0])


def test_models_that_are_not_loaded_are_named():
    with answering(LOST, heard()) as port:
        assert fault(port) == "Triton has not loaded whisper, wav2vec2"


def test_words_in_silence_are_a_fault():
    with answering(READY, heard({"text": "you"})) as port:
        assert "words in silence" in fault(port)
    with answering(READY, heard()) as port:
        assert fault(port) is None


def test_an_answer_that_is_none_is_a_fault():
    for answer in ({"error": "x"}, {"outputs": []}, [], {"outputs": [{"data": [300]}]}):
        with answering(READY, answer) as port:
            assert "does not answer as it should" in fault(port)


@pytest.mark.parametrize("leaf", ["whisper", "speaker_embedding"])
def test_a_network_that_does_not_compute_is_a_fault(leaf):
    leaves = Leaves()
    leaves.refusals[leaf] = "CUDA error: an illegal memory access was encountered"
    with answering(READY, heard(), leaves) as port:
        told = fault(port)
    assert told.startswith(f"{leaf} does not compute: ")
    assert "illegal memory access" in told


def test_a_network_that_was_let_go_is_no_fault():
    leaves = Leaves()
    leaves.refusals["whisper"] = "ModelLoading: base is being loaded"
    with answering(READY, heard(), leaves) as port:
        assert fault(port) is None


def test_what_was_proved_is_proved_again_only_when_there_is_cause(tmp_path):
    leaves, notes = Leaves(), tmp_path / "notes"
    with answering(READY, heard(), leaves) as port:

        def asked() -> list[str]:
            leaves.asked.clear()
            assert fault(port, notes=notes) is None
            return list(leaves.asked)

        assert asked() == ["whisper", "speaker_embedding"]
        assert asked() == []
        leaves.counts["whisper"] = [9, 2]  # some requests fail, others do not
        assert asked() == []
        leaves.counts["whisper"][1] += 3  # all of them fail
        assert asked() == ["whisper"]
        leaves.counts["whisper"] = [0, 0]  # it is another process
        assert asked() == ["whisper"]
        notes.write_text("nonsense")
        assert asked() == ["whisper", "speaker_embedding"]
        leaves.counts["whisper"][1] += 1
        leaves.refusals["whisper"] = "CUDA error"
        assert "whisper does not compute" in fault(port, notes=notes)
