"""A recording on its way: read from the disk in blocks while it is sent, never held as a whole."""

import asyncio
import io
import os
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

Source = str | Path | bytes | BinaryIO
# Is told how many bytes have been sent, and of how many.
OnSent = Callable[[int, int], None]

BLOCK_BYTES = 256 << 10


@dataclass(frozen=True)
class Recording:
    """A file by its path, one that is open (from where it stands), or the bytes of one."""

    source: Source
    name: str = ""

    @property
    def file_name(self) -> str:
        """What the service is told that it is called."""
        if self.name:
            return self.name
        if isinstance(self.source, str | Path):
            return Path(self.source).name
        return "recording"

    @contextmanager
    def opened(self) -> Iterator[tuple[BinaryIO, int]]:
        """The file, where it begins, and its length in bytes.

        Raises:
            OSError: it cannot be read.
        """
        if isinstance(self.source, str | Path):
            with open(self.source, "rb") as file:
                yield file, os.fstat(file.fileno()).st_size
        elif isinstance(self.source, bytes):
            yield io.BytesIO(self.source), len(self.source)
        else:
            start = self.source.tell()
            size = self.source.seek(0, os.SEEK_END) - start
            self.source.seek(start)
            try:
                yield self.source, size
            finally:
                self.source.seek(start)  # where another attempt begins


class Sending:
    """The blocks of one attempt to send a body."""

    def __init__(
        self, body: "Body", file: BinaryIO, size: int, check: Callable[[], object]
    ) -> None:
        self._body = body
        self._file = file
        self._check = check
        self.length = len(body.head) + size + len(body.tail)
        self._sent = 0

    def blocks(self) -> Iterator[bytes]:
        """All of it."""
        yield self._noted(self._body.head)
        while block := self._file.read(BLOCK_BYTES):
            yield self._noted(block)
        yield self._noted(self._body.tail)

    async def later(self) -> AsyncIterator[bytes]:
        """The same, read in a thread."""
        yield self._noted(self._body.head)
        while block := await asyncio.to_thread(self._file.read, BLOCK_BYTES):
            yield self._noted(block)
        yield self._noted(self._body.tail)

    def _noted(self, block: bytes) -> bytes:
        self._check()
        self._sent += len(block)
        if self._body.on_sent:
            self._body.on_sent(self._sent, self.length)
        return block


@dataclass(frozen=True)
class Body:
    """A recording, with what is sent before and behind it."""

    recording: Recording
    head: bytes = b""
    tail: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    on_sent: OnSent | None = None

    @contextmanager
    def sending(self, check: Callable[[], object]) -> Iterator[Sending]:
        """One attempt to send it.

        Args:
            check: is called before each block, and raises what ends the attempt.

        Raises:
            OSError: the file cannot be read.
        """
        with self.recording.opened() as (file, size):
            yield Sending(self, file, size, check)


def bare(recording: Recording, on_sent: OnSent | None = None) -> Body:
    """The recording as the whole body."""
    headers = {"Content-Type": "application/octet-stream"}
    return Body(recording, headers=headers, on_sent=on_sent)


def form(
    part: str, recording: Recording, fields: Mapping[str, str], on_sent: OnSent | None = None
) -> Body:
    """``multipart/form-data`` with the recording as a part of this name, behind the fields."""
    boundary = uuid.uuid4().hex
    head = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        for name, text in fields.items()
    )
    name = _quoted(recording.file_name)
    head += (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{part}"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode("utf-8", "replace")
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return Body(recording, head, f"\r\n--{boundary}--\r\n".encode(), headers, on_sent)


def _quoted(name: str) -> str:
    """As browsers write a file's name into a form: what would end it is escaped."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
