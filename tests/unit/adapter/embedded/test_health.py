"""What the image's health check says of a Triton that does not transcribe."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from adapter.embedded.health import fault
from tests.services.ports import free_ports


@contextmanager
def answering(index: object, transcript: object) -> Iterator[int]:
    """A server that speaks as Triton does: its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = index if self.path == "/v2/repository/index" else transcript
            content = json.dumps(body).encode()
            self.send_response(200)
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
