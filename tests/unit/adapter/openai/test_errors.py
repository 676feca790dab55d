"""Errors of ``/v1`` have OpenAI's shape, whoever raised them, and others keep theirs."""

import asyncio
import logging
import re

import httpx
import pytest
from fastapi import HTTPException

from adapter.app import create_app
from adapter.intake.decoding import PROTOCOL
from adapter.openai.errors import describe
from pipeline.errors import Overloaded, WeightsNotFound, WeightsUnavailable
from pipeline.settings import Settings
from tests.clients.decoders import script

TRANSCRIPTIONS = "/v1/audio/transcriptions"


@pytest.fixture
def send(run_app):
    def send(method: str, path: str, settings=None, **request) -> httpx.Response:
        async def run() -> httpx.Response:
            async with run_app(**(settings or {})) as client:
                return await client.request(method, path, **request)

        return asyncio.run(run())

    return send


def error(response: httpx.Response, status: int) -> dict:
    assert response.status_code == status, response.text
    assert list(response.json()) == ["error"]
    shape = response.json()["error"]
    assert set(shape) == {"message", "type", "param", "code"}
    return shape


@pytest.fixture
def tone(media) -> dict:
    return {"file": ("tone.wav", (media / "tone.wav").read_bytes())}


def test_a_field_that_cannot_be_used(send, tone):
    shape = error(send("POST", TRANSCRIPTIONS, files=tone, data={"language": "klingon"}), 400)
    assert shape["message"].startswith("language: unknown language 'klingon'")
    assert (shape["type"], shape["param"]) == ("invalid_request_error", "language")


def test_a_list_that_cannot_be_used(send, tone):
    data = {"timestamp_granularities[]": ["segment", "letter"]}
    shape = error(send("POST", TRANSCRIPTIONS, files=tone, data=data), 400)
    assert shape["param"] == "timestamp_granularities[]"


@pytest.mark.parametrize("files", [None, {"recording": ("a.wav", b"RIFF")}])
def test_no_file(send, files):
    assert error(send("POST", TRANSCRIPTIONS, files=files), 400)["param"] == "file"


def test_a_damaged_body(send):
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    shape = error(send("POST", TRANSCRIPTIONS, content=b"--other\r\n", headers=headers), 400)
    assert shape["type"] == "invalid_request_error"


def test_what_is_no_audio(send):
    files = {"file": ("a.mp3", b"hello " * 1000)}
    for data in ({}, {"stream": "true"}):
        shape = error(send("POST", TRANSCRIPTIONS, files=files, data=data), 400)
        assert "failed to decode audio" in shape["message"]


def test_an_unknown_model(send, tone):
    shape = error(send("POST", TRANSCRIPTIONS, files=tone, data={"model": "enormous"}), 404)
    assert (shape["param"], shape["code"]) == ("model", "model_not_found")
    assert "enormous" in shape["message"]


def test_too_large_a_file(send):
    files = {"file": ("a.wav", bytes(1_100_000))}
    shape = error(send("POST", TRANSCRIPTIONS, {"max_file_size_mb": 1}, files=files), 413)
    assert re.search("file too large.*1 MB", shape["message"])


@pytest.mark.parametrize("data", [{}, {"stream": "true"}, {"response_format": "diarized_json"}])
def test_triton_that_is_not_there(send, tone, data):
    response = send("POST", TRANSCRIPTIONS, files=tone, data=data)
    shape = error(response, 503)
    assert shape["type"] == "server_error"
    assert int(response.headers["retry-after"]) > 0
    assert error(send("GET", "/v1/models"), 503)["type"] == "server_error"


def test_a_deadline_that_passes(send, tone, tmp_path):
    answers = (
        f'case "$*" in *-protocols*) echo {PROTOCOL} ;; *) sleep 1; head -c 32000 /dev/zero ;; esac'
    )
    slow = script(tmp_path / "ffmpeg", answers)
    settings = {"ffmpeg": str(slow), "request_timeout_seconds": 0.2}
    for data in ({}, {"stream": "true"}):
        shape = error(send("POST", TRANSCRIPTIONS, settings, files=tone, data=data), 504)
        assert re.search("timed out", shape["message"])


def test_a_stream_that_fails_gives_its_place_back(run_app, tone):
    async def run() -> list[int]:
        async with run_app(max_requests=1) as client:
            return [
                (await client.post(TRANSCRIPTIONS, files=tone, data={"stream": "true"})).text
                for _ in range(2)
            ]

    assert all("cannot be reached" in text for text in asyncio.run(run()))


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "unknown_url"),
        ("POST", "/v1/chat/completions", 404, "unknown_url"),
        ("GET", TRANSCRIPTIONS, 405, "method_not_supported"),
    ],
)
def test_what_is_not_there(send, method, path, status, code):
    shape = error(send(method, path), status)
    assert shape["code"] == code
    assert f"{method} {path}" in shape["message"]


def test_elsewhere_errors_have_the_other_shape(send):
    assert list(send("GET", "/nothing").json()) == ["detail"]


@pytest.mark.parametrize(
    ("failure", "status", "kind", "code"),
    [
        (
            HTTPException(401, "who are you?", {"WWW-Authenticate": "Bearer"}),
            401,
            "authentication_error",
            "invalid_api_key",
        ),
        (HTTPException(403, "not you"), 403, "permission_error", None),
        (Overloaded("too much"), 503, "server_error", None),
        (WeightsUnavailable("the hub is down"), 503, "server_error", None),
        (WeightsNotFound("it is nowhere"), 400, "invalid_request_error", "model_not_found"),
        (ZeroDivisionError("a mistake of ours"), 500, "server_error", None),
    ],
)
def test_whatever_is_raised_has_the_shape(failure, status, kind, code):
    async def run() -> httpx.Response:
        app = create_app(Settings(_env_file=None))

        @app.get("/v1/fails")
        async def fails() -> None:
            raise failure

        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            return await client.get("/v1/fails")

    response = asyncio.run(run())
    shape = error(response, status)
    assert (shape["type"], shape["code"]) == (kind, code)
    assert shape["param"] == ("model" if code == "model_not_found" else None)
    assert response.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)


def test_the_words_of_others_are_not_told_in_a_stream_either(caplog):
    with caplog.at_level(logging.ERROR):
        shape = describe(ZeroDivisionError("a mistake of ours"))["error"]
    mark = re.fullmatch(r"internal server error; .* at ([a-z]{8})", shape["message"])[1]
    assert f"{mark}: ZeroDivisionError: a mistake of ours" in caplog.text
    assert (shape["type"], shape["param"]) == ("server_error", None)
