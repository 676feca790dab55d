"""Uploads that are too large, too slow or given up, and a disk without room for them."""

import re
import resource
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.clients.multipart import HEADERS, body, file_part
from tests.clients.talk import ANSWER_SECONDS, MEGABYTE, converse, head, post, said
from tests.hostile.encodings import CLIP_WORDS
from tests.integration.hostile.conftest import STALL_SECONDS, UPLOAD_SECONDS
from tests.services.processes import descendants, nameless_sizes
from tests.services.remains import Remains

HOURS = 2 * 60  # minutes of silence, which take seconds to decode
pytestmark = pytest.mark.usefixtures("nothing_is_left")


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
def test_too_large_a_file_is_413_before_any_of_it_is_sent(adapter, connection):
    declared = head(f"Content-Length: {5 * MEGABYTE}", f"Connection: {connection}")
    answer = converse(adapter, said(declared))
    assert answer.startswith("HTTP/1.1 413 ")
    assert re.search("audio_file: file too large, at most 3 MB", answer)


def test_too_large_a_file_of_unknown_size_is_413_while_it_is_being_sent(adapter):
    block = f"{MEGABYTE:x}\r\n".encode() + bytes(MEGABYTE) + b"\r\n"
    first = file_part(b"")[2:]
    begin = head("Transfer-Encoding: chunked") + f"{len(first):x}\r\n".encode() + first + b"\r\n"
    answer = converse(adapter, said(begin, block * 5))
    assert answer.startswith("HTTP/1.1 413 ")


def test_a_client_that_asks_first_is_told_not_to_send(adapter):
    declared = head(f"Content-Length: {5 * MEGABYTE}", "Expect: 100-continue")
    assert converse(adapter, said(declared)).startswith("HTTP/1.1 413 ")


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_client_that_sends_on_sees_the_answer_too(adapter, connection, chunked):
    content = body(file_part(bytes(32 * MEGABYTE)))
    blocks = (content[at : at + MEGABYTE] for at in range(0, len(content), MEGABYTE))
    headers = HEADERS | {"Connection": connection}
    response = post(adapter, blocks if chunked else content, headers=headers)
    assert response.status_code == 413


def test_nobody_is_cut_off_who_cannot_stop_sending(adapter):
    content = body(file_part(bytes(32 * MEGABYTE)))
    begin = head(f"Content-Length: {len(content)}", "Connection: close")
    assert converse(adapter, said(begin, content)).startswith("HTTP/1.1 413 ")


def test_exactly_as_large_as_allowed_is_not_too_large(adapter):
    exactly = post(adapter, body(file_part(bytes(3 * MEGABYTE))))
    assert "could not decode" in exactly.json()["detail"]
    assert post(adapter, body(file_part(bytes(3 * MEGABYTE + 1)))).status_code == 413


def stalls(connection: socket.socket) -> None:
    connection.sendall(head("Content-Length: 100000") + file_part(bytes(1000))[2:])


def trickles(connection: socket.socket) -> None:
    stalls(connection)
    connection.settimeout(0.1)
    while True:
        connection.sendall(b"x")
        try:
            if connection.recv(1, socket.MSG_PEEK):
                break
        except TimeoutError:
            continue
    connection.settimeout(ANSWER_SECONDS)


def never_ends(connection: socket.socket) -> None:
    connection.sendall(head(f"Content-Length: {3 * MEGABYTE}") + file_part(b"")[2:])
    for _ in range(2 * UPLOAD_SECONDS):
        connection.sendall(bytes(MEGABYTE // 4))  # enough not to be stalled
        time.sleep(0.75)


def test_an_upload_that_does_not_arrive_is_given_up(adapter):
    stalled = f"less than 256 KB arrived within {STALL_SECONDS} seconds; send it faster"
    late = f"it was not there within {UPLOAD_SECONDS} seconds; send it faster"
    speakers = {stalls: stalled, trickles: stalled, never_ends: late}
    with ThreadPoolExecutor() as clients:
        answers = list(clients.map(lambda speak: converse(adapter, speak), speakers))
    for answer, reason in zip(answers, speakers.values(), strict=True):
        assert answer.startswith("HTTP/1.1 408 ")
        assert f"audio_file: the upload timed out, {reason}" in answer


def test_a_client_that_hangs_up_while_sending_leaves_nothing(adapter):
    for size in (0, 1000, 2 * MEGABYTE):
        with socket.create_connection(("127.0.0.1", adapter.port)) as connection:
            begin = head(f"Content-Length: {3 * MEGABYTE}")
            connection.sendall(begin + file_part(bytes(size))[2:])


def test_a_disk_without_room_is_503_and_says_when_to_come_again(adapter):
    content = body(file_part(bytes(2 * MEGABYTE)))
    soft, hard = resource.prlimit(adapter.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(adapter.process.pid, resource.RLIMIT_FSIZE, (MEGABYTE, hard))
    try:
        response = post(adapter, content)
    finally:
        resource.prlimit(adapter.process.pid, resource.RLIMIT_FSIZE, (soft, hard))
    assert response.status_code == 503
    assert re.match("503 service unavailable.*no room for the upload", response.json()["detail"])
    assert int(response.headers["retry-after"]) > 0
    assert "could not decode" in post(adapter, content).json()["detail"]


def test_an_upload_gives_its_disk_back_as_soon_as_it_is_decoded(service, adapter, sample):
    def regions() -> set[str]:
        return Remains.of(adapter.process.pid, service.triton_http, service.secret).regions

    others = regions()  # such as that of a step which was killed in an earlier test
    with ThreadPoolExecutor(1) as client:
        answer = client.submit(post, adapter, body(file_part(sample.read_bytes())))
        while not regions() - others:
            assert not answer.done()
            time.sleep(0.01)
        assert nameless_sizes(adapter.process.pid) == [0]
    assert answer.result().status_code == 200


def test_ten_at_once_are_answered_and_leave_nothing(adapter, encoder):
    names = ["speech.opus", "tone.opus", "tone.m4a", "tone.flac", "speech.mp3"] * 2
    contents = [body(file_part((encoder.folder / name).read_bytes())) for name in names]
    with ThreadPoolExecutor(len(names)) as clients:
        answers = list(clients.map(lambda content: post(adapter, content), contents))
    for name, answer in zip(names, answers, strict=True):
        assert answer.status_code == 200, answer.text
        text = " ".join(segment["text"] for segment in answer.json()["segments"])
        assert CLIP_WORDS in text if name.startswith("speech") else text == ""


def test_clients_that_hang_up_while_decoding_leave_nothing(adapter, encoder):
    content = body(file_part(encoder.silence("hours.opus", HOURS)))
    request = head(f"Content-Length: {len(content)}") + content
    connections = [socket.create_connection(("127.0.0.1", adapter.port)) for _ in range(10)]
    for connection in connections:
        connection.sendall(request)
    while not descendants(adapter.process.pid):
        time.sleep(0.01)
    for connection in connections:
        connection.close()
