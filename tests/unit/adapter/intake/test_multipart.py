"""Fields are UTF-8: another charset is refused by name, before any codec has run for it."""

import asyncio
import codecs

import pytest
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException

from adapter.intake.multipart import Utf8Parser

BOUNDARY = "boundary"
KIND = f"multipart/form-data; boundary={BOUNDARY}"
FILE = 'name="audio_file"; filename="a.wav"'


def part(disposition: str, content: bytes, kind: str = "") -> bytes:
    lines = [f"--{BOUNDARY}", f"Content-Disposition: form-data; {disposition}"]
    lines += [f"Content-Type: {kind}"] if kind else []
    return "\r\n".join([*lines, "", ""]).encode() + content + b"\r\n"


def parsed(*parts: bytes, kind: str = KIND, sent: list | None = None) -> dict[str, str]:
    """The fields; ``sent`` is given the parts that were asked for."""

    async def stream():
        for content in (*parts, f"--{BOUNDARY}--\r\n".encode()):
            if sent is not None:
                sent.append(content)
            yield content

    async def run() -> dict[str, str]:
        form = await Utf8Parser(Headers({"content-type": kind}), stream()).parse()
        await form.close()
        return {name: value for name, value in form.items() if isinstance(value, str)}

    return asyncio.run(run())


@pytest.fixture
def no_codec(monkeypatch):
    """Fails when a codec is looked for by a name that is not UTF-8's."""
    lookup = codecs.lookup

    def checked(name: str) -> codecs.CodecInfo:
        assert name.lower().replace("-", "") in ("utf8", "usascii"), f"looked for {name}"
        return lookup(name)

    monkeypatch.setattr(codecs, "lookup", checked)


PROMPT = 'name="initial_prompt"'
TEXT = "Über Grüße"


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "utf8", "us-ascii", ""])
def test_utf_8_by_any_of_its_names_is_read(charset):
    plain = part(PROMPT, TEXT.encode(), f"text/plain; charset={charset}")
    named = part('name="_charset_"', charset.strip('"').encode())
    assert parsed(plain, named)["initial_prompt"] == TEXT
    assert parsed(plain, kind=f"{KIND}; charset={charset}")["initial_prompt"] == TEXT


@pytest.mark.parametrize("charset", ["punycode", "UTF-16", "iso-8859-1", "undefined", "idna"])
@pytest.mark.parametrize("where", ["request", "part", "field"])
def test_another_charset_is_refused_by_name(no_codec, charset, where):
    parts, kind = [part(PROMPT, b"a" * 100)], KIND
    if where == "request":
        kind = f"{KIND}; charset={charset}"
    elif where == "part":
        parts = [part(PROMPT, b"a" * 100, f"text/plain; charset={charset}")]
    else:
        parts = [part('name="_charset_"', charset.encode()), *parts]
    with pytest.raises(MultiPartException, match=f"charset='{charset}', fields must be UTF-8"):
        parsed(*parts, kind=kind)


def test_it_is_refused_before_the_file_is_sent():
    field, sent = part(PROMPT, b"a", "text/plain; charset=punycode"), []
    with pytest.raises(MultiPartException, match="the field 'initial_prompt' has charset"):
        parsed(field, part(FILE, b"RIFF"), sent=sent)
    assert sent == [field]


def test_a_file_may_be_of_any_charset():
    file = part(FILE, b"RIFF", "application/octet-stream; charset=binary")
    assert parsed(file, part(PROMPT, b"a")) == {"initial_prompt": "a"}


def test_a_long_name_of_a_charset_is_cut():
    with pytest.raises(MultiPartException) as refused:
        parsed(part('name="_charset_"', b"x" * 5000))
    assert len(str(refused.value)) < 200
