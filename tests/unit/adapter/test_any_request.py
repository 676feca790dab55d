"""Whatever a client sends, it is told what is wrong with it, and nothing of it stays open."""

import asyncio
import contextlib
import json
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from starlette.datastructures import ImmutableMultiDict

from adapter.asr.parameters import ALIASES, PARAMETERS, read_parameters
from adapter.intake import recording
from adapter.openai.form import TranscriptionForm
from adapter.openai.parameters import read_form
from pipeline.errors import InvalidRequest
from pipeline.options import TEXT_BYTES, Options
from pipeline.settings import Settings

SEED = 11
REQUESTS, FORMS = 150, 300
BOUNDARY = "b"
KIND = f"multipart/form-data; boundary={BOUNDARY}"
FILE = b'Content-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
SETTINGS = Settings(_env_file=None, preload_model="base")
PATHS = ("/asr", "/detect-language", "/v1/audio/transcriptions", "/v1/audio/translations")
# 503 is as far as a request gets whose Triton is not there.
TOLD = {400, 404, 408, 413, 503}

fields = [field.alias or name for name, field in TranscriptionForm.model_fields.items()]
names = st.sampled_from([*PARAMETERS, *ALIASES, *fields, "audio_file", "file", "_charset_"])
values = st.one_of(
    st.sampled_from(["", " ", "true", "0", "-1", "nan", "1e999", "en", "auto", "srt", "{}", "[]"]),
    st.sampled_from(["utf-8", "punycode", "9" * 5000, "\0", "../" * 9, "\u202e", "a" * 70_000]),
    st.text(max_size=50),
)
queries = st.one_of(
    st.just({}), st.dictionaries(names, values.map(lambda value: value[:5000]), max_size=2)
)
charsets = st.sampled_from(
    ["", "; charset=utf-8", "; charset=punycode", "; charset", "; charset=\0"]
)


def bounded(examples: int) -> Callable:
    """So many examples, the same ones in each run."""

    def bound(test: Callable) -> Callable:
        limits = settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        return seed(SEED)(limits(test))

    return bound


@st.composite
def parts(draw: st.DrawFn, tone: bytes) -> bytes:
    """One part of a body, most of them as they should be."""
    name, file = draw(st.one_of(names, st.text(max_size=9))), draw(st.booleans())
    disposition = f'form-data; name="{name}"' + f'; filename="{draw(values)}"' * file
    head = f"Content-Disposition: {disposition}\r\nContent-Type: text/plain{draw(charsets)}\r\n\r\n"
    content = draw(st.one_of(st.just(tone), values.map(str.encode), st.binary(max_size=99)))
    return draw(st.sampled_from([head.encode()] * 9 + [b"", b"\r\n", b"X: y\r\n" * 9])) + content


@st.composite
def bodies(draw: st.DrawFn, tone: bytes) -> list[bytes]:
    """A body as it arrives, in blocks, perhaps without its end or with something behind it."""
    line = f"\r\n--{BOUNDARY}".encode()
    right = FILE + tone if draw(st.booleans()) else draw(parts(tone))
    inside = [right, *draw(st.lists(parts(tone), max_size=2))]
    body = b"".join([line + b"\r\n" + part for part in inside] + [line, b"--\r\n"])[2:]
    if not draw(st.integers(0, 3)):
        body = draw(st.sampled_from([body[: len(body) // 2], body + line, body[:-4], b""]))
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=3)))
    return [body[start:end] for start, end in zip([0, *cuts], [*cuts, None], strict=True)]


def told(response: httpx.Response) -> str:
    """What the client hears."""
    shape = response.json()
    return shape["error"]["message"] if "error" in shape else shape["detail"]


@pytest.mark.usefixtures("no_lazy_modules")
def test_any_body_is_answered_and_let_go_of(run_app, media, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(recording, "SHARED_MEMORY", tmp_path)
    tone = (media / "tone.opus").read_bytes()
    others = st.one_of(charsets.map(KIND.__add__), st.sampled_from(["multipart/form-data", "a/b"]))
    kinds = st.one_of(st.just(KIND), st.just(KIND), others)
    seen = set()

    async def send(client: httpx.AsyncClient, path: str, blocks: list[bytes], **asked) -> None:
        async def body() -> AsyncIterator[bytes]:
            for block in blocks:
                yield block

        response = await client.post(path, content=body(), **asked)
        assert response.status_code in TOLD, response.text
        assert told(response)
        seen.add(response.status_code)
        assert open_files(tmp_path) == []
        with client._transport.app.state.service.recordings.take("next"):  # the only one
            pass

    def run(client: httpx.AsyncClient, run_until_complete: Callable) -> None:
        @bounded(REQUESTS)
        @given(st.sampled_from(PATHS), bodies(tone), kinds, queries)
        def is_answered(path: str, blocks: list[bytes], kind: str, query: dict[str, str]) -> None:
            headers = {"Content-Type": kind.encode()}
            run_until_complete(send(client, path, blocks, headers=headers, params=query))

        is_answered()

    in_event_loop(run_app(max_requests=1), run)
    assert seen >= {400, 503}


def in_event_loop(context, use: Callable[..., None]) -> None:
    """Enter a context in an event loop, and use it by function calls into that loop."""
    loop = asyncio.new_event_loop()
    try:
        entered = loop.run_until_complete(context.__aenter__())
        try:
            use(entered, loop.run_until_complete)
        finally:
            loop.run_until_complete(context.__aexit__(None, None, None))
    finally:
        loop.close()


def open_files(folder: Path) -> list[str]:
    """What is in the folder, by name or open without one."""
    found = os.listdir(folder)
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # the one that lists them
            link = os.readlink(f"/proc/self/fd/{number}")
            found += [link] if link.startswith(str(folder)) else []
    return found


def understood(read: Callable[[], Options]) -> bool:
    """Whether options can be read; they are as small as they must be, and arrive as they are."""
    try:
        options = read()
    except InvalidRequest as refusal:
        return not str(refusal)  # names what is wrong
    parameters = options.to_parameters()
    assert all(isinstance(value, str | int | bool) for value in parameters.values())
    assert len((options.hotwords or "").encode()) <= TEXT_BYTES
    assert len((options.initial_prompt or "").encode()) <= TEXT_BYTES
    arrived = Options.from_parameters(json.dumps(parameters))
    # Of the same deadline there is less left.
    assert arrived.model_copy(update={"timeout_ms": options.timeout_ms}) == options
    assert isinstance(options.remaining(), float)
    return True


pairs = st.lists(st.tuples(names, values), max_size=4)
accepts = st.one_of(st.none(), st.text(max_size=30), st.just("text/vtt;q=0.5, */*"))
tasks = st.sampled_from(["transcribe", "translate"])
options = st.sampled_from([*Options.model_fields, "triton_enable_empty_final_response"])
anything = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=50), values),
    st.sampled_from([10**400, [1, 2], {"a": 1}, "\ud800"]),
)
objects = st.dictionaries(options, anything, max_size=3).map(json.dumps)


@pytest.mark.usefixtures("no_lazy_modules")
@pytest.mark.parametrize(
    ("asked", "read"),
    [
        (
            st.tuples(pairs.map(dict), pairs.map(dict), st.just(SETTINGS), accepts),
            lambda *asked: read_parameters(*asked).options,
        ),
        (
            st.tuples(pairs.map(ImmutableMultiDict), tasks, st.just(SETTINGS)),
            lambda *asked: read_form(*asked).options,
        ),
        (
            st.tuples(st.one_of(objects, anything.map(json.dumps), st.text(max_size=20))),
            Options.from_parameters,
        ),
    ],
    ids=["asr", "openai", "triton"],
)
def test_any_parameters_are_understood_or_refused(asked, read):
    seen = set()

    @bounded(FORMS)
    @given(asked)
    def are_read(given: tuple) -> None:
        seen.add(understood(lambda: read(*given)))

    are_read()
    assert seen == {True, False}
