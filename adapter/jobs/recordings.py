"""The jobs' recordings: files in DATA_DIR, each under its upload's id."""

import contextlib
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from starlette.requests import Request

from adapter.errors import exhaustion_is_overload
from adapter.intake.uploads import MEGABYTE, Body, Upload, drain, too_large
from adapter.threads import in_thread
from pipeline.errors import InvalidRequest, Overloaded
from pipeline.settings import Settings

PARTIAL = ".part"  # the end of a name whose file is not whole
PART = "audio"  # what errors call it
BLOCK_BYTES = 1 << 20  # written at once


class Recordings:
    """A folder of them, which several adapters may share."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.folder = settings.data_dir / "audio"

    def path(self, upload: str) -> Path:
        """Where the file of an upload lies."""
        return self.folder / upload

    @contextlib.asynccontextmanager
    async def writing(self, upload: str) -> AsyncIterator[int]:
        """The descriptor of a new upload's file, which has its name once this has ended well."""
        self.folder.mkdir(0o700, parents=True, exist_ok=True)
        partial = self.path(upload + PARTIAL)
        fd = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            yield fd
            await in_thread(_settle, fd, partial, self.path(upload))
        finally:
            os.close(fd)
            partial.unlink(missing_ok=True)

    async def receive(self, request: Request) -> tuple[str, int]:
        """Write the body of this request to a file.

        Returns:
            The upload's id and its bytes.

        Raises:
            InvalidRequest: it is empty, or a form.
            TooLarge: it is larger than MAX_FILE_SIZE_MB.
            TooSlow: it does not arrive.
            Overloaded: there is no room on the disk for it.
        """
        if request.headers.get("content-type", "").lower().startswith("multipart/"):
            await drain(request)
            raise InvalidRequest(f"{PART}: send the file's bytes as the body, and no form")
        upload = str(uuid.uuid4())
        with exhaustion_is_overload("the upload"):
            self.folder.mkdir(0o700, parents=True, exist_ok=True)
            body = Body(request, self._settings, PART, self.folder)
            try:
                body.check_declared()
                async with self.writing(upload) as fd:
                    size = await self._copy(body, fd)
            except (InvalidRequest, Overloaded):
                await drain(request)
                raise
        return upload, size

    async def _copy(self, body: Body, fd: int) -> int:
        size, more, waiting = 0, True, bytearray()
        while more:
            message = await body.receive()
            if message["type"] == "http.disconnect":
                raise InvalidRequest(f"{PART}: the body ends too early; send the whole of it")
            content, more = message.get("body", b""), message.get("more_body", False)
            size += len(content)
            if size > self._settings.max_file_size_mb * MEGABYTE:
                raise too_large(PART, self._settings)
            waiting += content
            if len(waiting) >= BLOCK_BYTES or not more:
                await in_thread(write_all, fd, bytes(waiting))
                waiting.clear()
        if not size:
            raise InvalidRequest(f"{PART}: the body is empty; send a recording")
        return size

    @contextlib.contextmanager
    def opened(self, upload: str) -> Iterator[Upload]:
        """An upload for the service, whose file stays.

        Raises:
            InvalidRequest: it is not there any more.
        """
        try:
            fd = os.open(self.path(upload), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise InvalidRequest(f"{PART}: its file is not there any more; send it again") from None
        try:
            yield Upload(fd, upload, {}, PART, kept=True)
        finally:
            os.close(fd)

    def remove(self, uploads: list[str]) -> None:
        """Take the files of these uploads away."""
        for upload in uploads:
            self.path(upload).unlink(missing_ok=True)


def _settle(fd: int, partial: Path, whole: Path) -> None:
    """Have the file on the disk under its name, whatever happens from now on."""
    os.fsync(fd)
    partial.rename(whole)
    folder = os.open(whole.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_all(fd: int, content: bytes) -> None:
    """Write it, however many calls that takes."""
    while content:
        content = content[os.write(fd, content) :]
