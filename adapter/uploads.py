"""The uploaded file and the form fields beside it.

The file goes to disk block by block, into a file without a name, so that
nothing is left of it whatever happens to this process.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from starlette.datastructures import ImmutableMultiDict, UploadFile
from starlette.requests import Request
from starlette.types import Message

from adapter.errors import TooLarge
from pipeline.errors import InvalidRequest

PARTS = ("audio_file", "file")  # Speakr's name, and OpenAI's
FORM_FIELDS = 64
MEGABYTE = 1 << 20
DRAIN_SECONDS = 30.0  # how long a refused upload is read on, for the client to see the refusal


@dataclass(frozen=True)
class Upload:
    """An uploaded recording."""

    fd: int  # of its file on disk
    name: str
    fields: ImmutableMultiDict[str, str]


async def drain(request: Request) -> None:
    """Read what is left of a body that nobody wants.

    A client that is still sending when its connection is closed does not get
    to see the answer.
    """

    async def read_on() -> None:
        while True:
            message = await request.receive()
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                return

    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(read_on(), DRAIN_SECONDS)


def _counting(request: Request, megabytes: float) -> Request:
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > megabytes * MEGABYTE:
            if message.get("more_body"):
                await drain(request)
            raise TooLarge(f"file too large: at most {megabytes:g} MB are accepted")
        return message

    return Request(request.scope, receive)


@contextlib.asynccontextmanager
async def receive_upload(
    request: Request, megabytes: float, parts: Sequence[str] = PARTS
) -> AsyncIterator[Upload]:
    """Receive the multipart body of this request, whose file has one of these names.

    Raises:
        InvalidRequest: there is no file in it, or an empty one.
        TooLarge: the body is larger than ``megabytes``.
    """
    counted = _counting(request, megabytes)
    async with counted.form(max_files=len(parts), max_fields=FORM_FIELDS) as form:
        file = next((form[part] for part in parts if part in form), None)
        if not isinstance(file, UploadFile):
            raise InvalidRequest(
                f"{parts[0]}: the recording is missing; send it as a multipart/form-data file"
            )
        if not file.size:
            raise InvalidRequest(f"{parts[0]}: the file is empty")
        fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
        yield Upload(file.file.fileno(), file.filename or "", ImmutableMultiDict(fields))
