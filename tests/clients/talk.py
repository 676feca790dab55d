"""Requests to ``/asr``, as a client makes them and byte by byte."""

import socket
from collections.abc import Callable

import httpx

from tests.clients.multipart import HEADERS
from tests.services.adapters import RunningAdapter

MEGABYTE = 1 << 20
ANSWER_SECONDS = 60


def post(adapter: RunningAdapter, content: bytes, **request) -> httpx.Response:
    """Send a body; it asks for words without speakers."""
    request = {"headers": HEADERS, "params": {"diarize": "false"}, "timeout": 300} | request
    return httpx.post(f"{adapter.url}/asr", content=content, **request)


def head(*lines: str) -> bytes:
    """The beginning of a request to /asr."""
    content_type = f"Content-Type: {HEADERS['Content-Type']}"
    return "\r\n".join(["POST /asr HTTP/1.1", "Host: asr", content_type, *lines, "", ""]).encode()


def converse(adapter: RunningAdapter, speak: Callable[[socket.socket], None]) -> str:
    """What the adapter answers to bytes of any kind, up to the end of its connection or answer."""
    with socket.create_connection(("127.0.0.1", adapter.port), ANSWER_SECONDS) as connection:
        speak(connection)
        answer = b""
        while b'"}' not in answer and (more := connection.recv(65_536)):
            answer += more
        return answer.decode()


def said(*parts: bytes) -> Callable[[socket.socket], None]:
    """These bytes and nothing more; the connection stays open."""
    return lambda connection: connection.sendall(b"".join(parts))
