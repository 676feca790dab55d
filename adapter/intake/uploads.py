"""The uploaded file and the form fields beside it.

The file goes to disk block by block, into a file without a name, so that
nothing is left of it whatever happens to this process.  What does not fit, or
does not arrive, is refused while it is being sent.
"""

import asyncio
import contextlib
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import FormData, ImmutableMultiDict, UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message

from adapter.errors import TooLarge, TooSlow, exhaustion_is_overload
from adapter.intake.multipart import Utf8Parser
from adapter.intake.references import CLIPS, Clip, Reference
from adapter.intake.tracks import FIRST_MIXED, Choice
from adapter.waiting.patience import Patience
from pipeline.errors import InvalidRequest, Overloaded
from pipeline.settings import Settings

PARTS = ("audio_file", "file")  # Speakr's name, and OpenAI's
FORM_FIELDS = 64
FIELD_BYTES = 64 << 10  # the longest field is a prompt, of which Whisper reads 224 tokens
FORM_BYTES = 1 << 20  # of a body, beside the files of which MAX_FILE_SIZE_MB is the limit
MEGABYTE = 1 << 20
END_BYTES = 16  # the last of a body, which hold two dashes and perhaps a line's end
STALL_BYTES = 256 << 10  # less than this in UPLOAD_STALL_SECONDS is no progress
DRAIN_SECONDS = 30.0  # how long a refused upload is read on, for the client to see the refusal
DRAIN_PAUSE_SECONDS = 1.0  # after which a client that sends nothing is waiting for its answer
SENDING_PAUSE_SECONDS = 5.0  # after which one that was sending does


@dataclass(frozen=True)
class Upload:
    """An uploaded recording."""

    fd: int  # of its file on disk
    name: str
    fields: ImmutableMultiDict[str, str]
    part: str = PARTS[0]  # the name under which it was sent
    kept: bool = False  # whether its file is needed again
    clips: tuple[Clip, ...] = ()  # of people whose voices are known, as they were sent
    choice: Choice = FIRST_MIXED  # of its tracks and channels
    references: tuple[Reference, ...] = ()  # the same with their names, once these are read
    patience: Patience | None = None  # of whoever sent it
    fresh: bool = False  # whether nothing that was computed before is to be used


async def drain(request: Request) -> None:
    """Read what is left of a body that nobody wants, if its connection will be closed.

    A client that is still sending when that happens does not get to see the
    answer.  A connection that stays open is read on by the server.
    """
    closes = request.headers.get("connection", "").lower() == "close"
    if not closes and request.scope.get("http_version") != "1.0":
        return

    async def read_on() -> None:
        pause = DRAIN_PAUSE_SECONDS
        while True:
            message = await asyncio.wait_for(request.receive(), pause)
            pause = SENDING_PAUSE_SECONDS
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                return

    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(read_on(), DRAIN_SECONDS)


class Body:
    """The body of a request as it arrives, within what the settings allow."""

    def __init__(
        self, request: Request, settings: Settings, part: str, folder: Path | None = None
    ) -> None:
        """Args:
        request: whose body it is.
        settings: that bound it.
        part: what the client calls it.
        folder: where it is written; not given, among the temporary files.
        """
        self._request = request
        self._settings = settings
        self._part = part
        self._folder = folder or tempfile.gettempdir()
        self._received = 0
        self._end_of_body = b""
        self._begun = self._progressed = time.monotonic()
        self._progress = 0

    def check_declared(self) -> None:
        """Refuse what says itself that there is no room for it, before any of it is read."""
        length = self._request.headers.get("content-length", "")
        self._check_room(int(length) if length.isdecimal() else 0, 0)

    async def receive(self) -> Message:
        """The body's next message, in ASGI's terms."""
        stall = self._settings.upload_stall_seconds
        whole = self._settings.upload_timeout_seconds
        left = self._begun + whole - time.monotonic()
        until_stalled = self._progressed + stall - time.monotonic()
        try:
            message = await asyncio.wait_for(
                self._request.receive(), max(min(left, until_stalled), 0)
            )
        except asyncio.TimeoutError:
            missed = (
                f"it was not there within {whole:g} seconds"
                if left < until_stalled
                else f"less than {STALL_BYTES >> 10} KB arrived within {stall:g} seconds"
            )
            raise TooSlow(f"{self._part}: the upload timed out, {missed}; send it faster") from None
        content = message.get("body", b"")
        self._received += len(content)
        self._end_of_body = (self._end_of_body + content[-END_BYTES:])[-END_BYTES:]
        if self._received - self._progress >= STALL_BYTES:
            self._check_room(self._received, self._received)
            self._progress, self._progressed = self._received, time.monotonic()
        return message

    @property
    def whole(self) -> bool:
        """Whether what has arrived ends as a multipart body does."""
        return self._end_of_body.rstrip().endswith(b"--")

    def _check_room(self, size: int, stored: int) -> None:
        if size > self._settings.max_file_size_mb * MEGABYTE + FORM_BYTES:
            raise too_large(self._part, self._settings)
        free = shutil.disk_usage(self._folder).free - (size - stored)
        if free < self._settings.min_free_disk_mb * MEGABYTE:
            raise Overloaded("there is no room on the disk for the upload")


def missing(part: str) -> str:
    """What a request without a file is told."""
    return f"{part}: the recording is missing; send it as a multipart/form-data file"


def too_large(part: str, settings: Settings) -> TooLarge:
    """The refusal of a file that is larger than the service takes."""
    return TooLarge(
        f"{part}: file too large, at most {settings.max_file_size_mb:g} MB are accepted"
    )


@contextlib.asynccontextmanager
async def receive_upload(
    request: Request, settings: Settings, parts: Sequence[str] = PARTS
) -> AsyncIterator[Upload]:
    """Receive the multipart body of this request, whose file has one of these names.

    Args:
        parts: The file's name in this dialect first.

    Raises:
        InvalidRequest: there is no file in it, more than one, or an empty one.
        TooLarge: it is larger than MAX_FILE_SIZE_MB.
        TooSlow: it does not arrive.
        Overloaded: there is no room on the disk for it.
    """
    part = parts[0]
    body = Body(request, settings, part)
    try:
        body.check_declared()
        form = await _parse(Request(request.scope, body.receive), part)
    except (InvalidRequest, Overloaded):
        await drain(request)
        raise
    try:
        yield _upload(form, settings, parts, body.whole)
    finally:
        await form.close()


async def _parse(request: Request, part: str) -> FormData:
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind.strip().lower() != "multipart/form-data":
        raise InvalidRequest(missing(part))
    try:
        async with contextlib.aclosing(request.stream()) as stream:
            with exhaustion_is_overload("the upload"):
                limits = {"max_files": 1, "max_fields": FORM_FIELDS, "max_part_size": FIELD_BYTES}
                return await Utf8Parser(request.headers, stream, **limits).parse()
    except (MultiPartException, ValueError) as error:
        raise InvalidRequest(
            f"{part}: the body cannot be read ({str(error).rstrip('.')}); "
            "send one file as multipart/form-data"
        ) from None


def _upload(form: FormData, settings: Settings, parts: Sequence[str], whole: bool) -> Upload:
    names = [name for name in parts if isinstance(form.get(name), UploadFile)]
    if not names:
        cut = f"{parts[0]}: the body ends too early; send the whole of it"
        raise InvalidRequest(missing(parts[0]) if whole else cut)
    file = form[names[0]]
    if not file.size:
        raise InvalidRequest(f"{names[0]}: the file is empty; send a recording")
    if file.size > settings.max_file_size_mb * MEGABYTE:
        raise too_large(names[0], settings)
    with exhaustion_is_overload("the upload"):
        descriptor = file.file.fileno()  # moves it to disk if it is not there yet
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    clips = [
        Clip(name, value)
        for name, value in form.multi_items()
        if name in CLIPS and isinstance(value, UploadFile)
    ]
    texts = ImmutableMultiDict(fields)
    return Upload(descriptor, file.filename or "", texts, names[0], clips=tuple(clips))
