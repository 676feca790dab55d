"""Who is let in with API_KEY set, and what the others hear, without their upload being read."""

import asyncio
import base64
import contextlib
import json
import logging
import socket
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from adapter.waiting.places import Places
from pipeline.settings import Settings
from tests.services.adapter_thread import running_adapter

OLD, NEW = "0123456789abcdef-old", "fedcba9876543210+new/=:@"
KEYS = f"{OLD},{NEW}"
MEGABYTE = 1 << 20


def ask(run_app, path="/openapi.json", method="GET", settings=None, **request) -> httpx.Response:
    async def run() -> httpx.Response:
        async with run_app(**(settings or {"api_key": KEYS})) as client:
            return await client.request(method, path, **request)

    return asyncio.run(run())


def basic(credentials: bytes) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(credentials).decode()}"}


@pytest.mark.parametrize("key", [OLD, NEW])
@pytest.mark.parametrize(
    "headers",
    [
        lambda key: {"Authorization": f"Bearer {key}"},
        lambda key: {"Authorization": f"bearer  {key} "},
        lambda key: {"X-API-Key": key},
        lambda key: basic(f"speakr:{key}".encode()),
        lambda key: basic(f":{key}".encode()),
        lambda key: {"Authorization": "Bearer of a proxy's", "X-API-Key": key},
    ],
    ids=["bearer", "bearer with spaces", "header", "basic", "basic without a user", "two"],
)
def test_either_key_lets_in_however_it_is_sent(run_app, key, headers):
    assert ask(run_app, headers=headers(key)).status_code == 200


def test_a_key_without_a_password_may_be_the_user_name(run_app):
    assert ask(run_app, headers=basic(f"{OLD}:".encode())).status_code == 200
    assert ask(run_app, headers=basic(OLD.encode())).status_code == 200


def test_a_url_with_a_key_in_it_is_all_that_speakr_needs(run_app):
    url = httpx.URL("http://service/openapi.json", username="speakr", password=NEW)
    assert ask(run_app, str(url)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {OLD}x"},
        {"Authorization": f"Bearer {OLD[:-1]}"},
        {"Authorization": f"Digest {OLD}"},
        {"Authorization": OLD},
        {"Authorization": "Basic !"},
        {"Authorization": "Basic YQ"},
        {"Authorization": ""},
        {"Authorization": b"Bearer \xff\xfe"},
        {"X-API-Key": "ключ".encode()},
        {"X-API-Key": KEYS},
        {"X-API-Key": ""},
        basic(f"{OLD}:wrong".encode()),
        basic("ключ:ключ".encode()),
        basic(b":"),
        {"Cookie": f"api_key={OLD}"},
        {},
    ],
    ids=str,
)
def test_whoever_has_no_key_is_told_how_to_send_one(run_app, headers):
    response = ask(run_app, headers=headers)
    assert response.status_code == 401
    schemes = response.headers["www-authenticate"]
    assert "Bearer realm=" in schemes
    assert "Basic realm=" in schemes
    for way in ("API_KEY", "Authorization: Bearer KEY", "X-API-Key: KEY", "http://user:KEY@"):
        assert way in response.json()["detail"]


def test_a_missing_key_and_a_wrong_one_are_told_apart(run_app):
    assert "is missing" in ask(run_app).json()["detail"]
    assert "is invalid" in ask(run_app, headers={"X-API-Key": "x" * 20}).json()["detail"]


def test_a_key_in_the_query_is_none(run_app):
    for name in ("api_key", "key", "token"):
        assert ask(run_app, "/openapi.json", params={name: OLD}).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/docs"),
        ("GET", "/redoc"),
        ("GET", "/openapi.json"),
        ("GET", "/nothing"),
        ("GET", "/health/"),
        ("POST", "/asr"),
        ("OPTIONS", "/asr"),
        ("POST", "/detect-language"),
    ],
)
def test_everything_is_protected(run_app, method, path):
    assert ask(run_app, path, method).status_code == 401


def test_what_is_probed_is_open(run_app):
    assert ask(run_app, "/").status_code == 200
    health = ask(run_app, "/health")
    assert health.status_code == 503  # there is no Triton; nobody was refused
    assert health.json() == {"status": "unhealthy"}
    assert int(health.headers["retry-after"]) > 0


def test_more_than_the_status_is_told_to_who_has_a_key(run_app):
    with_key = ask(run_app, "/health", headers={"X-API-Key": OLD})
    without_keys = ask(run_app, "/health", settings={"api_key": ()})
    for health in (with_key, without_keys):
        assert health.json().keys() == {"status", "detail", "loaded_models", "version"}
        assert "Triton at " in health.json()["detail"]


def test_each_key_has_a_share_of_its_own(run_app, monkeypatch):
    seen = []
    monkeypatch.setattr(Places, "check", lambda places, client: seen.append(client))
    for key in (OLD, NEW):
        ask(run_app, "/asr", "POST", headers={"X-API-Key": key})
    assert len(set(seen)) == 2
    assert not any(key in client for key in (OLD, NEW) for client in seen)


def test_keys_of_one_name_are_one_owners(run_app, monkeypatch):
    seen = []
    monkeypatch.setattr(Places, "check", lambda places, client: seen.append(client))
    settings = {"api_key": f"speakr:{OLD},speakr:{NEW},other:0123456789abcdef"}
    for key in (OLD, NEW, "0123456789abcdef"):
        ask(run_app, "/asr", "POST", settings, headers={"X-API-Key": key})
    assert list(dict.fromkeys(seen)) == ["key speakr", "key other"]


@pytest.mark.parametrize(("path", "status"), [("/v2/transcript", 200), ("/v1/models", 401)])
def test_a_bare_key_opens_what_assemblyais_clients_call_and_nothing_else(run_app, path, status):
    answer = ask(run_app, path, headers={"Authorization": NEW})
    assert answer.status_code == status
    wrong = ask(run_app, "/v2/transcript", headers={"Authorization": f"{NEW}x"})
    assert wrong.status_code == 401
    assert wrong.json() == {"error": wrong.json()["error"]}
    assert "invalid" in wrong.json()["error"]


def test_without_keys_everybody_may_come(run_app):
    assert ask(run_app, settings={"max_requests": 1}).status_code == 200


def test_an_upload_without_a_key_is_not_read(run_app):
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100:
            sent += 1
            yield bytes(MEGABYTE)

    response = ask(run_app, "/asr", "POST", content=endless())
    assert response.status_code == 401
    assert sent <= 2


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    """Where uvicorn runs the application; the log level is the one that tells the most."""
    with running_adapter(Settings(_env_file=None, api_key=KEYS), log_level="trace") as url:
        yield httpx.URL(url).host, httpx.URL(url).port


def test_the_answer_does_not_wait_for_the_upload_and_the_connection_is_closed(address):
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall(b"POST /asr HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000000\r\n\r\n")
        answer = connection.recv(4096)
        assert answer.startswith(b"HTTP/1.1 401 ")
        received = 0
        with contextlib.suppress(ConnectionError):
            for _ in range(2000):
                connection.sendall(bytes(MEGABYTE))
                received += 1
        assert received < 100


def test_a_client_that_waits_to_be_asked_for_its_upload_is_not_asked(address):
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall(
            b"POST /asr HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
        )
        answer = b""
        while block := connection.recv(4096):
            answer += block
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert json.loads(answer.split(b"\r\n\r\n")[1])["detail"].startswith(
        "401 unauthorized: an API key"
    )


def test_a_client_in_the_middle_of_a_large_upload_hears_why_it_is_refused(address, caplog):
    caplog.set_level(logging.DEBUG)
    url = f"http://speakr:{OLD}x@{address[0]}:{address[1]}/asr"
    response = httpx.post(url, files={"audio_file": ("a.wav", bytes(64 * MEGABYTE))}, timeout=30)
    assert response.status_code == 401
    assert "API key" in response.json()["detail"]


def test_keys_are_in_no_log(address, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    for key in (OLD, NEW, "a-wrong-key-of-theirs"):
        for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}):
            httpx.get(f"http://{address[0]}:{address[1]}/docs", headers=headers)
    written = caplog.text + "".join(capfd.readouterr())
    assert "/docs" in written
    assert not any(key in written for key in (OLD, NEW, "a-wrong-key-of-theirs"))


def test_the_document_says_how_a_key_is_sent_where_one_is_needed(run_app):
    document = ask(run_app, headers={"X-API-Key": OLD}).json()
    schemes = document["components"]["securitySchemes"]
    assert {scheme.get("scheme") or scheme["name"] for scheme in schemes.values()} == {
        "bearer",
        "basic",
        "X-API-Key",
    }
    assert [set(choice) for choice in document["security"]] == [{name} for name in schemes]
    assert "401" in document["paths"]["/asr"]["post"]["responses"]
    assert document["paths"]["/health"]["get"]["security"] == []
    assert document["paths"]["/"]["get"]["security"] == []
    open_document = ask(run_app, settings={"max_requests": 1}).json()
    assert "security" not in open_document
    assert "401" not in open_document["paths"]["/asr"]["post"]["responses"]
