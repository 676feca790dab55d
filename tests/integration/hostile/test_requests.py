"""Requests that are wrong in themselves: bodies, types, queries, HTTP."""

import re

import httpx
import pytest

from tests.clients.multipart import BOUNDARY, END, HEADERS, body, file_part
from tests.clients.talk import converse, head, post, said

FIELDS = [file_part(b"1", filename=None, name=f"field{number}") for number in range(100)]
LONG_FIELD = file_part(b"x" * 100_000, filename=None, name="initial_prompt")
pytestmark = pytest.mark.usefixtures("nothing_is_left")


@pytest.fixture(scope="module")
def tone(encoder) -> bytes:
    return (encoder.folder / "tone.mp3").read_bytes()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "ends too early"),
        (b"RIFF", "cannot be read"),
        (b"--another\r\n\r\n", "cannot be read"),
        (f"--{BOUNDARY}".encode(), "ends too early"),
        (body(file_part(b"RIFF"))[:-10], "ends too early"),
        (body(file_part(b"RIFF", name="recording")), "recording is missing"),
        (body(file_part(b"RIFF", filename=None)), "recording is missing"),
        (body(file_part(b"")), "file is empty"),
        (body(file_part(b"RIFF"), file_part(b"RIFF")), "Too many files"),
        (body(file_part(b"RIFF"), file_part(b"RIFF", name="file")), "Too many files"),
        (body(*FIELDS, file_part(b"RIFF")), "Too many fields"),
        (body(LONG_FIELD, file_part(b"RIFF")), "exceeded maximum size"),
        (f"--{BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nx".encode() + END, '"name"'),
        (f"--{BOUNDARY}\r\nX: {'y' * 100_000}\r\n\r\nx".encode() + END, "cannot be read"),
        ((f"--{BOUNDARY}\r\n" + "X: y\r\n" * 10_000 + "\r\nx").encode() + END, "cannot be read"),
    ],
    ids=[
        *("nothing", "no parts", "another boundary", "a boundary only", "no end", "another name"),
        *("no filename", "an empty file", "two files", "two names", "many fields", "a long field"),
        *("no name", "a long header", "many headers"),
    ],
)
def test_a_body_that_is_wrong_names_the_part_and_what_would_be_right(adapter, content, reason):
    response = post(adapter, content)
    assert response.status_code == 400
    assert re.match(rf"audio_file: .*{reason}.*; send ", response.json()["detail"])


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        f"multipart/form-data; boundary={'b' * 5000}",
        f"multipart/form-data; boundary={BOUNDARY}; charset=undefined",
        "application/x-www-form-urlencoded",
        "application/json",
        "audio/wav",
        "nonsense",
        "",
    ],
)
def test_a_body_of_another_type_is_400(adapter, content_type):
    name = "audio_fil\xe9".encode("latin-1")
    content = body(file_part(b"RIFF").replace(b"audio_file", name))
    response = post(adapter, content, headers={"Content-Type": content_type})
    assert response.status_code == 400
    assert re.match(r"audio_file: .*; send ", response.json()["detail"])


def test_a_field_that_is_no_text_is_taken_as_it_is(adapter, tone):
    prompt = file_part(b"\xff\xfe\x00\x80", filename=None, name="initial_prompt")
    assert post(adapter, body(prompt, file_part(tone))).status_code == 200


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("language=en&language=de", 200, ""),
        ("language=%FF%FE", 400, "^language: unknown language"),
        ("task=%00", 400, "^task: .*'transcribe' or 'translate'"),
        ("diarize[]=1&&&===&%", 200, ""),
        ("num_speakers=" + "9" * 5000, 400, "^num_speakers: "),
        ("initial_prompt=" + "%F0%9F%8E%99" * 3000 + "%00", 200, ""),
        ("model=" + "../" * 1000 + "etc/passwd", 400, "^model: unknown model"),
        ("output=%0d%0aX-Injected:%20yes", 400, "^output: "),
    ],
)
def test_a_query_of_any_kind(adapter, encoder, query, status, words):
    speech = (encoder.folder / "speech.opus").read_bytes()
    response = httpx.post(
        f"{adapter.url}/asr?diarize=false&{query}",
        content=body(file_part(speech)),
        headers=HEADERS,
        timeout=300,
    )
    assert response.status_code == status, response.text
    assert "x-injected" not in response.headers
    assert re.search(words, response.json().get("detail", ""))


def test_a_body_that_is_longer_than_it_says_is_cut_there(adapter, tone):
    content = body(file_part(tone))
    answer = converse(adapter, said(head(f"Content-Length: {len(content) - 100}"), content))
    assert answer.startswith("HTTP/1.1 400 ")
    assert "audio_file: the body ends too early; send the whole of it" in answer


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /asr HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /asr HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /asr HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["tls", "negative length", "two lengths", "no chunk"],
)
def test_what_is_no_http_is_400(adapter, request_):
    assert converse(adapter, said(request_)).startswith("HTTP/1.1 400 ")


def test_no_secret_is_logged(adapter, tone):
    secret = "correct-horse-battery"
    url = httpx.URL(adapter.url).copy_with(username="speakr", password=secret)
    for headers in ({}, {"Authorization": f"Bearer {secret}"}, {"X-API-Key": secret}):
        request = {"params": {"diarize": "false", "initial_prompt": secret}, "timeout": 300}
        content = body(file_part(tone, filename=f"{secret}.mp3"))
        answer = httpx.post(f"{url}/asr", content=content, headers=HEADERS | headers, **request)
        assert answer.status_code == 200
    request = {"params": {"language": secret}, "timeout": 300}
    answer = httpx.post(f"{url}/asr", content=content, headers=HEADERS, **request)
    assert answer.status_code == 400
    log = adapter.log.read_text()
    assert "method=POST route=/asr status=200" in log
    assert secret not in log
