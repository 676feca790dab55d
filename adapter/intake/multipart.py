"""The parts of a multipart body, by Starlette's parser, whose text is UTF-8 and nothing else.

A charset that the client names would choose which of Python's codecs reads
its fields in the event loop.  One of them takes most of a second for 64 KB.
Clips of known speakers go to disk, whether they are sent as files or as fields.
"""

import tempfile

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from adapter.intake.references import CLIP_BYTES, CLIPS, CLIPS_BYTES, HOW, MAX_CLIPS
from pipeline.errors import InvalidRequest

UTF8 = (b"utf-8", b"utf8", b"us-ascii")  # ASCII is UTF-8 as well
CHARSET_FIELD = "_charset_"  # of all fields: RFC 7578, section 4.6
SHOWN = 40  # characters of a charset that is refused
CLIP_NAMES = {name.encode() for name in CLIPS}
IN_MEMORY = 64 << 10  # bytes of a clip
MEGABYTE = 1 << 20


class Utf8Parser(MultiPartParser):
    """Refuses another charset as soon as it is named, whoever names it.

    Raises:
        MultiPartException: naming the charset, or what else is wrong with the body.
        InvalidRequest: there are too many clips of known speakers, or they are too large.
    """

    _clips = _clips_bytes = 0

    async def parse(self) -> FormData:
        """Read the whole body."""
        _check("it", self.headers.get("content-type"))
        return await super().parse()

    def on_part_begin(self) -> None:
        """A part begins."""
        super().on_part_begin()
        self._charset = "utf-8"  # whatever it is called, or nothing at all
        self._clip_bytes = 0

    def on_headers_finished(self) -> None:
        """The part's headers are there."""
        part = self._current_part
        _, options = parse_options_header(part.content_disposition)
        is_clip = options.get(b"name") in CLIP_NAMES
        if is_clip and b"filename" in options:
            self.max_files += 1  # beside the recording
        super().on_headers_finished()
        if is_clip:
            self._count_clip()
        elif part.file is None:  # what is in a file is no text
            kind = Headers(raw=part.item_headers).get("content-type")
            _check(f"the field {part.field_name!r}", kind)

    def _count_clip(self) -> None:
        part = self._current_part
        self._clips += 1
        if self._clips > MAX_CLIPS:
            raise InvalidRequest(
                f"{part.field_name}: there are more than {MAX_CLIPS}; send as many at most"
            )
        if part.file is None:
            file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the form closes it
            self._files_to_close_on_error.append(file)
            part.file = UploadFile(file, size=0)

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """Some of the part's content is there."""
        super().on_part_data(data, start, end)
        part = self._current_part
        if part.field_name in CLIPS:
            self._clip_bytes += end - start
            self._clips_bytes += end - start
            if self._clip_bytes > CLIP_BYTES or self._clips_bytes > CLIPS_BYTES:
                raise InvalidRequest(
                    f"{part.field_name}: it is too large, at most {CLIP_BYTES // MEGABYTE} MB each "
                    f"and {CLIPS_BYTES // MEGABYTE} MB together are accepted; {HOW}"
                )

    def on_part_end(self) -> None:
        """A part is whole."""
        part = self._current_part
        if part.file is None and part.field_name == CHARSET_FIELD:
            _refuse_other(f"the field {CHARSET_FIELD!r}", bytes(part.data))
        super().on_part_end()


def _check(what: str, content_type: str | None) -> None:
    _, parameters = parse_options_header(content_type)
    _refuse_other(what, parameters.get(b"charset", b""))


def _refuse_other(what: str, charset: bytes) -> None:
    charset = charset.strip()
    if charset and charset.lower() not in UTF8:
        name = charset[:SHOWN].decode("latin-1")
        raise MultiPartException(f"{what} has charset={name!r}, fields must be UTF-8")
