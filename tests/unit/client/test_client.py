"""The client and the command against a service of the test's own."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from client import Client, Retries, ServiceError, UnreachableError
from client.cli import main
from client.commands.statuses import FAILED, UNUSABLE
from tests.services.ports import free_ports

ANSWER = {
    "text": [],
    "language": "en",
    "segments": [
        {
            "start": 6.7,
            "end": 8.0,
            "text": " Hello?",
            "speaker": "SPEAKER_00",
            "words": [
                {"word": "Hello?", "start": 6.7, "end": 7.1, "score": 0.9, "speaker": "SPEAKER_00"},
                {"word": "7"},
            ],
            "unheard of": 1,
        }
    ],
    "word_segments": [],
}
HEALTH = {"status": "healthy", "loaded_models": ["base"]}


class Service(BaseHTTPRequestHandler):
    """Answers every recording with ANSWER, and an empty one with 400."""

    def do_GET(self) -> None:
        self.reply(200, HEALTH)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen = (urlsplit(self.path).path, parse_qs(urlsplit(self.path).query), body)
        self.server.authorization = self.headers.get("Authorization")
        self.server.api_key = self.headers.get("X-API-Key")
        if b"RIFF" in body:
            self.reply(200, ANSWER)
        else:
            self.reply(400, {"detail": "audio_file: the file is empty"})

    def reply(self, status: int, content: dict) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(autouse=True)
def _no_key(monkeypatch):
    monkeypatch.delenv("ASR_API_KEY", raising=False)


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))  # seconds to notice an end
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def url(server) -> str:
    return f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "talk.wav"
    path.write_bytes(b"RIFF")
    return path


@pytest.fixture
def nowhere() -> str:
    (port,) = free_ports(1)
    return f"http://127.0.0.1:{port}"


def test_a_transcript_of_a_service_that_says_less_than_ours(url, recording):
    with Client(url) as client:
        transcript = client.transcribe(recording)
    (segment,) = transcript.segments
    assert (segment.start, segment.text, segment.speaker) == (6.7, " Hello?", "SPEAKER_00")
    assert [word.word for word in segment.words] == ["Hello?"]
    assert (transcript.language, transcript.duration) == ("en", 8.0)


def test_options_go_into_the_query_and_those_not_given_do_not(server, url, recording):
    with Client(url) as client:
        client.transcribe(recording, diarize=False, num_speakers=2, language=None)
    path, query, body = server.seen
    assert path == "/asr"
    assert query == {"diarize": ["false"], "num_speakers": ["2"], "output": ["json"]}
    assert b'name="audio_file"; filename="talk.wav"' in body


def test_a_password_in_the_url_is_sent_as_basic_authentication(server, url, recording):
    with Client(url.replace("://", "://speakr:secret@")) as client:
        client.transcribe(recording)
    assert server.authorization.startswith("Basic ")


def test_a_key_goes_into_its_own_header_beside_the_password_of_a_proxy(server, url, recording):
    with Client(url.replace("://", "://proxy:secret@"), api_key="a-key-of-the-service") as client:
        client.transcribe(recording)
    assert server.api_key == "a-key-of-the-service"
    assert server.authorization.startswith("Basic ")


def test_the_key_of_the_environment_is_sent_unless_another_is_given(
    server, url, recording, monkeypatch
):
    assert main(["transcribe", str(recording), "--url", url]) == 0
    assert server.api_key is None
    monkeypatch.setenv("ASR_API_KEY", "the-key-of-the-environment")
    assert main(["transcribe", str(recording), "--url", url]) == 0
    assert server.api_key == "the-key-of-the-environment"
    assert main(["transcribe", str(recording), "--url", url, "--api-key", "another"]) == 0
    assert server.api_key == "another"


def test_the_key_is_not_in_the_help(monkeypatch, capsys):
    monkeypatch.setenv("ASR_API_KEY", "the-key-of-the-environment")
    assert main(["transcribe", "--help"]) == 0
    assert "ASR_API_KEY" in (text := capsys.readouterr().out)
    assert "the-key-of-the-environment" not in text


def test_a_key_that_cannot_be_sent_is_refused():
    with pytest.raises(ServiceError, match="API key"):
        Client(api_key="ключ")


def test_what_the_service_refuses(url, tmp_path):
    (tmp_path / "empty.wav").touch()
    with Client(url) as client, pytest.raises(ServiceError, match="empty") as refused:
        client.transcribe(tmp_path / "empty.wav")
    assert (refused.value.status, refused.value.detail) == (400, "audio_file: the file is empty")


def test_a_password_is_not_shown(nowhere, recording):
    url = nowhere.replace("://", "://speakr:secret@")
    with Client(url, retries=Retries(times=0)) as client:
        assert client.url == nowhere
        with pytest.raises(UnreachableError) as gone:
            client.transcribe(recording)
    assert "secret" not in str(gone.value)


def test_a_service_that_is_not_there(nowhere, recording):
    with Client(nowhere, retries=Retries(times=0)) as client:  # noqa: SIM117
        with pytest.raises(UnreachableError, match="cannot be reached") as gone:
            client.transcribe(recording)
    assert gone.value.status is None
    assert nowhere in str(gone.value)


def test_the_command_prints_who_says_what(url, recording, capsys):
    assert main(["transcribe", str(recording), "--url", url]) == 0
    assert capsys.readouterr().out == "[00:06.7] SPEAKER_00: Hello?\n"


def test_the_command_writes_json(url, recording, tmp_path, capsys):
    target = tmp_path / "out.json"
    assert main(["transcribe", str(recording), "--url", url, "--json", str(target)]) == 0
    written = target.read_text()
    assert main(["transcribe", str(recording), "--url", url, "--json", "-"]) == 0
    assert capsys.readouterr().out == written
    assert json.loads(written)["segments"][0]["speaker"] == "SPEAKER_00"


def test_the_command_passes_its_options_on(server, url, recording):
    options = ["--no-diarize", "--language", "de", "--max-speakers", "3"]
    assert main(["transcribe", str(recording), "--url", url, *options]) == 0
    assert server.seen[1] == {
        "diarize": ["false"],
        "language": ["de"],
        "max_speakers": ["3"],
        "output": ["json"],
    }


def test_the_command_says_whether_the_service_is_healthy(url, nowhere, capsys):
    assert main(["health", "--url", url]) == 0
    assert json.loads(capsys.readouterr().out) == HEALTH
    assert main(["health", "--url", nowhere]) == FAILED


@pytest.mark.parametrize("missing", ["nowhere.wav", "."])
def test_a_file_that_cannot_be_read_is_one_sentence(url, tmp_path, missing, capsys):
    assert main(["transcribe", str(tmp_path / missing), "--url", url]) == UNUSABLE
    message = capsys.readouterr().err
    assert str(tmp_path) in message
    assert message.count("\n") == 1
