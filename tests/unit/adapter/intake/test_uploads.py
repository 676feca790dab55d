"""A body becomes a file and fields; what is too large, too slow or cut off is refused meanwhile."""

import asyncio
import os
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from starlette.requests import Request

from adapter.errors import TooLarge, TooSlow
from adapter.intake import uploads
from adapter.intake.uploads import Upload, drain, receive_upload
from pipeline.errors import InvalidRequest, Overloaded
from pipeline.settings import Settings

MEGABYTE = 1 << 20
FORM_BYTES = 1 << 20  # that a body may have beside its file
STALL_BYTES = 256 << 10
BOUNDARY = "boundary"
FIELD = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
FILE = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="%s"; filename="a.wav"\r\n\r\n'
END = f"\r\n--{BOUNDARY}--\r\n".encode()


def body(content: bytes, part: str = "audio_file", **fields: str) -> bytes:
    before = "".join(FIELD % field for field in fields.items())
    return (before + FILE % part).encode() + content + END


class Client:
    """Sends a body in blocks; ``clock`` is the time at which each of them arrives."""

    def __init__(self, *blocks: bytes, pace: float = 0.0) -> None:
        self.blocks = list(blocks)
        self.pace = pace
        self.clock = 0.0

    async def receive(self) -> dict:
        self.clock += self.pace
        block = self.blocks.pop(0)
        return {"type": "http.request", "body": block, "more_body": bool(self.blocks)}

    def request(self, version: str = "1.1", **headers: object) -> Request:
        lines = {"content-type": f"multipart/form-data; boundary={BOUNDARY}", **headers}
        raw = [(k.replace("_", "-").encode(), str(v).encode()) for k, v in lines.items()]
        scope = {"type": "http", "http_version": version, "headers": raw, "app": None}
        return Request(scope, receive=self.receive)


def received(client: Client, headers: dict | None = None, **changes: object) -> tuple:
    """The upload, and what is in its file."""

    async def run() -> tuple[Upload, bytes]:
        request = client.request(**(headers or {}))
        async with receive_upload(request, Settings(_env_file=None, **changes)) as upload:
            return upload, os.pread(upload.fd, 10 * MEGABYTE, 0)

    return asyncio.run(run())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A client whose time is the service's."""
    client = Client(pace=10.0)
    monkeypatch.setattr(uploads, "time", SimpleNamespace(monotonic=lambda: client.clock))
    return client


def free_disk(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    disk = SimpleNamespace(disk_usage=lambda _: SimpleNamespace(free=size))
    monkeypatch.setattr(uploads, "shutil", disk)


@pytest.mark.parametrize("part", ["audio_file", "file"])
def test_the_file_and_the_fields_beside_it_arrive(part):
    content = os.urandom(3000)
    sent = body(content, part, language="de", task="translate")
    upload, stored = received(Client(sent[:100], sent[100:2000], sent[2000:]))
    assert stored == content
    assert (upload.name, upload.part) == ("a.wav", part)
    assert dict(upload.fields) == {"language": "de", "task": "translate"}


def test_a_file_of_the_largest_size_is_taken_and_a_byte_more_is_not():
    largest = MEGABYTE // 4
    _, stored = received(Client(body(bytes(largest))), max_file_size_mb=0.25)
    assert len(stored) == largest
    with pytest.raises(TooLarge, match=r"file: file too large, at most 0\.25 MB"):
        received(Client(body(bytes(largest + 1), "file")), max_file_size_mb=0.25)


def test_what_says_that_it_is_too_large_is_not_read():
    limit = MEGABYTE // 4 + FORM_BYTES
    taken = Client(body(b"RIFF"))
    received(taken, {"content_length": limit}, max_file_size_mb=0.25)
    refused = Client(body(b"RIFF"))
    with pytest.raises(TooLarge):
        received(refused, {"content_length": limit + 1}, max_file_size_mb=0.25)
    assert refused.blocks == [body(b"RIFF")]


def test_what_does_not_say_its_size_is_refused_while_it_arrives():
    blocks = [body(b""), *[bytes(MEGABYTE)] * 20]
    client = Client(blocks[0][: -len(END)], *blocks[1:])
    with pytest.raises(TooLarge):
        received(client, max_file_size_mb=0.25)
    assert client.blocks, "it read on"


@pytest.mark.parametrize(("short", "refused"), [(0, False), (1, True)])
def test_room_is_left_on_the_disk_beside_what_is_to_come(monkeypatch, short, refused):
    free_disk(monkeypatch, 2 * MEGABYTE + 1000 - short)
    client = Client(body(b"RIFF"))
    asked = (client, {"content_length": 1000})
    if refused:
        with pytest.raises(Overloaded, match="no room on the disk"):
            received(*asked, min_free_disk_mb=2)
        assert client.blocks, "it was read"
    else:
        assert received(*asked, min_free_disk_mb=2)[1] == b"RIFF"


@pytest.mark.parametrize(("short", "refused"), [(0, False), (1, True)])
def test_what_has_arrived_is_on_the_disk_already(monkeypatch, short, refused):
    free_disk(monkeypatch, 2 * MEGABYTE - short)
    sent = body(bytes(STALL_BYTES))
    client = Client(sent[:-1], sent[-1:])
    if refused:
        with pytest.raises(Overloaded):
            received(client, min_free_disk_mb=2)
    else:
        assert received(client, min_free_disk_mb=2)[1] == bytes(STALL_BYTES)


def test_an_empty_file_a_missing_one_and_one_that_was_cut_off_are_told_apart():
    with pytest.raises(InvalidRequest, match=r"^file: the file is empty"):
        received(Client(body(b"", "file")))
    with pytest.raises(InvalidRequest, match=r"^audio_file: the recording is missing"):
        received(Client(body(b"RIFF", "recording")))
    with pytest.raises(InvalidRequest, match=r"^audio_file: the body ends too early"):
        received(Client(body(b"RIFF" * 100)[:-20]))


def test_more_than_one_file_is_refused():
    twice = body(b"RIFF")[: -len(END)] + b"\r\n" + body(b"RIFF", "file")
    with pytest.raises(InvalidRequest, match=r"audio_file: the body .* \(Too many files"):
        received(Client(twice))


def test_a_client_that_gets_on_has_time(clock):
    sent = body(bytes(4 * STALL_BYTES))
    clock.blocks = [sent[i : i + STALL_BYTES] for i in range(0, len(sent), STALL_BYTES)]
    received(clock, upload_stall_seconds=9, upload_timeout_seconds=1000)
    assert clock.clock == 50.0


def test_one_that_stalls_is_refused(clock):
    sent = body(bytes(STALL_BYTES))
    clock.blocks = [sent[i : i + STALL_BYTES // 4] for i in range(0, len(sent), STALL_BYTES // 4)]
    with pytest.raises(
        TooSlow, match="audio_file: the upload timed out, less than 256 KB arrived within 15 sec"
    ):
        received(clock, upload_stall_seconds=15, upload_timeout_seconds=1000)


def test_one_that_takes_too_long_is_refused_however_it_gets_on(clock):
    sent = body(bytes(4 * STALL_BYTES))
    clock.blocks = [sent[i : i + STALL_BYTES] for i in range(0, len(sent), STALL_BYTES)]
    with pytest.raises(TooSlow, match="it was not there within 25 seconds"):
        received(clock, upload_stall_seconds=15, upload_timeout_seconds=25)


@pytest.mark.parametrize(
    ("version", "connection", "read_on"),
    [("1.1", "close", True), ("1.0", "keep-alive", True), ("1.1", "keep-alive", False)],
)
def test_a_refused_body_is_read_on_where_its_connection_will_be_closed(
    version, connection, read_on
):
    client = Client(b"one", b"two", b"three")
    asyncio.run(drain(client.request(version, connection=connection)))
    assert client.blocks == ([] if read_on else [b"one", b"two", b"three"])


def test_a_client_that_waits_for_its_answer_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(uploads, "DRAIN_PAUSE_SECONDS", 0.01)

    async def silent() -> dict:
        await asyncio.sleep(600)
        return {}

    headers = [(b"connection", b"close")]
    request = Request({"type": "http", "http_version": "1.1", "headers": headers}, receive=silent)
    asyncio.run(asyncio.wait_for(drain(request), 10))
