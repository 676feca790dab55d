"""The HTTP application while its Triton is not there: everything that needs none."""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator

import httpx
import pytest

from adapter.intake import recording
from adapter.routes import health
from adapter.triton.engine import Engine
from tests.clients.decoders import script
from tests.speech.media import TONE_SECONDS

BOUNDARY = "boundary"
HEADERS = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
FILE_PART = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="audio_file"; filename="a.wav"\r\n\r\n'
).encode()
END = f"\r\n--{BOUNDARY}--\r\n".encode()


def post(run_app, files, settings=None, **request) -> httpx.Response:
    async def run() -> httpx.Response:
        async with run_app(**(settings or {})) as client:
            return await client.post("/asr", files=files, **request)

    return asyncio.run(run())


def get(run_app, path) -> httpx.Response:
    async def run() -> httpx.Response:
        async with run_app() as client:
            return await client.get(path)

    return asyncio.run(run())


def detail(response: httpx.Response, status: int) -> str:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    return response.json()["detail"]


@pytest.fixture
def tone(media) -> dict:
    return {"audio_file": ("tone.wav", (media / "tone.wav").read_bytes())}


def test_triton_that_is_not_there_is_503_and_says_when_to_come_again(run_app, tone):
    response = post(run_app, tone)
    assert re.search("503.*service unavailable.*Triton.*cannot be reached", detail(response, 503))
    assert int(response.headers["retry-after"]) > 0


def test_the_file_may_be_called_file_too(run_app, tone):
    detail(post(run_app, {"file": tone["audio_file"]}), 503)


@pytest.mark.parametrize(
    "files",
    [
        None,
        {"recording": ("tone.wav", b"RIFF")},
        {"audio_file": (None, "a text field")},
    ],
    ids=["no body", "another part", "no file"],
)
def test_a_missing_file_is_400_and_names_the_part(run_app, files):
    assert "audio_file" in detail(post(run_app, files), 400)


def test_a_body_of_another_type_is_400(run_app):
    assert "audio_file" in detail(post(run_app, None, content=b"RIFF"), 400)
    assert "audio_file" in detail(post(run_app, None, json={"audio_file": "x"}), 400)


def test_a_damaged_multipart_body_is_400(run_app):
    for body in (b"--other\r\n", FILE_PART[:-10], b""):
        detail(post(run_app, None, content=body, headers=HEADERS), 400)


def test_an_empty_file_is_400(run_app):
    assert "empty" in detail(post(run_app, {"audio_file": ("a.wav", b"")}), 400)


def test_what_is_no_audio_is_400_in_words_that_speakr_knows(run_app):
    text = detail(post(run_app, {"audio_file": ("a.mp3", b"hello " * 1000)}), 400)
    assert re.search("could not.*decode", text)
    assert "failed to decode audio" in text


@pytest.mark.parametrize("where", ["params", "data"])
def test_a_parameter_that_cannot_be_used_is_400_from_query_and_form(run_app, tone, where):
    response = post(run_app, tone, **{where: {"language": "klingon"}})
    assert detail(response, 400).startswith("language: unknown language 'klingon'; there are")


def test_too_large_a_file_is_413_in_words_that_speakr_knows(run_app):
    files = {"audio_file": ("a.wav", bytes(1_100_000))}
    text = detail(post(run_app, files, {"max_file_size_mb": 1}), 413)
    assert re.search("file.*too large", text)
    assert "1 MB" in text


def test_too_large_a_file_is_noticed_before_it_is_there(run_app):
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield FILE_PART
        while sent < 8:
            yield bytes(1 << 20)
            sent += 1
        yield END

    detail(post(run_app, None, {"max_file_size_mb": 2}, content=endless(), headers=HEADERS), 413)


def test_a_disk_without_room_is_503_before_anything_is_sent(run_app):
    sent = []

    async def body() -> AsyncIterator[bytes]:
        sent.append(FILE_PART)
        yield FILE_PART

    headers = HEADERS | {"Content-Length": "1000"}
    response = post(run_app, None, {"min_free_disk_mb": 1e12}, content=body(), headers=headers)
    assert "503 service unavailable: there is no room on the disk" in detail(response, 503)
    assert "retry-after" in response.headers
    assert sent == []


def test_too_long_a_recording_is_413(run_app, tone):
    text = detail(post(run_app, tone, {"max_duration_seconds": TONE_SECONDS - 1}), 413)
    assert "longer than 9 seconds" in text


def test_a_deadline_that_passes_is_504_in_words_that_speakr_knows(run_app, tone, tmp_path):
    answer = "case $2 in -protocols) echo fd; exit;; esac"
    slow = script(tmp_path / "ffmpeg", f"{answer}\nsleep 1\nhead -c 32000 /dev/zero")
    settings = {"ffmpeg": str(slow), "request_timeout_seconds": 0.2}
    assert re.search(r"timed?\s*out", detail(post(run_app, tone, settings), 504))


def test_nothing_is_left_behind(run_app, tone, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(recording, "SHARED_MEMORY", tmp_path)
    for settings in ({}, {"triton_shared_memory": "off"}, {"max_duration_seconds": 1}):
        assert post(run_app, tone, settings).status_code in (413, 503)
        assert not list(tmp_path.iterdir())


def test_health_without_triton_is_503(run_app):
    response = get(run_app, "/health")
    assert "Triton" in detail(response, 503)
    assert response.json()["status"] == "unhealthy"
    assert "retry-after" in response.headers


def test_triton_is_asked_once_however_many_ask_for_its_health(run_app, monkeypatch):
    asked = 0
    missing = Engine.missing

    async def counted(engine: Engine) -> list[str]:
        nonlocal asked
        asked += 1
        return await missing(engine)

    monkeypatch.setattr(Engine, "missing", counted)

    async def run() -> None:
        async with run_app() as client:
            answers = await asyncio.gather(*(client.get("/health") for _ in range(20)))
            assert {answer.status_code for answer in answers} == {503}
            assert asked == 1
            monkeypatch.setattr(health, "FRESH_SECONDS", 0.0)
            await client.get("/health")
            assert asked == 2

    asyncio.run(run())


def test_the_root_identifies_the_service(run_app):
    response = get(run_app, "/")
    assert response.status_code == 200
    assert response.json()["service"] == "triton-asr"


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/asr", 405)])
def test_what_is_not_there_is_json_too(run_app, path, status):
    detail(get(run_app, path), status)


def test_each_dialect_is_at_its_paths(run_app):
    paths = get(run_app, "/openapi.json").json()["paths"]
    assert {
        "/asr",
        "/detect-language",
        "/health",
        "/v1/models",
        "/v1/models/{name}",
    } <= paths.keys()
    assert {"/v1/audio/transcriptions", "/v1/audio/translations"} <= paths.keys()


def test_the_pages_let_a_person_try_it(run_app):
    assert get(run_app, "/docs").status_code == 200
    operation = get(run_app, "/openapi.json").json()["paths"]["/asr"]["post"]
    body = operation["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert body["properties"]["audio_file"]["format"] == "binary"
    parameters = {parameter["name"]: parameter for parameter in operation["parameters"]}
    assert parameters["task"]["schema"]["enum"] == ["transcribe", "translate"]
    assert parameters["min_speakers"]["schema"]["maximum"] == 50
    assert all(parameter["description"] for parameter in parameters.values())
    assert "422" not in operation["responses"]
