"""The parts of a multipart body, by Starlette's parser, whose text is UTF-8 and nothing else.

A charset that the client names would choose which of Python's codecs reads
its fields in the event loop.  One of them takes most of a second for 64 KB.
"""

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, Headers
from starlette.formparsers import MultiPartException, MultiPartParser

UTF8 = (b"utf-8", b"utf8", b"us-ascii")  # ASCII is UTF-8 as well
CHARSET_FIELD = "_charset_"  # of all fields: RFC 7578, section 4.6
SHOWN = 40  # characters of a charset that is refused


class Utf8Parser(MultiPartParser):
    """Refuses another charset as soon as it is named, whoever names it.

    Raises:
        MultiPartException: naming the charset, or what else is wrong with the body.
    """

    async def parse(self) -> FormData:
        """Read the whole body."""
        _check("it", self.headers.get("content-type"))
        return await super().parse()

    def on_part_begin(self) -> None:
        """A part begins."""
        super().on_part_begin()
        self._charset = "utf-8"  # whatever it is called, or nothing at all

    def on_headers_finished(self) -> None:
        """The part's headers are there."""
        super().on_headers_finished()
        part = self._current_part
        if part.file is None:  # what is in a file is no text
            kind = Headers(raw=part.item_headers).get("content-type")
            _check(f"the field {part.field_name!r}", kind)

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
