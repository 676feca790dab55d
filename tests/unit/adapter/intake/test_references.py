"""Clips of known speakers: how they arrive, what is in them, and whose they are."""

import asyncio
import base64

import pytest
from starlette.datastructures import FormData, Headers, UploadFile

from adapter.intake.multipart import Utf8Parser
from adapter.intake.references import (
    CLIP_BYTES,
    CLIPS_BYTES,
    MAX_CLIPS,
    MAX_NAME,
    Clip,
    pair,
)
from pipeline.errors import InvalidRequest

BOUNDARY = "boundary"
CONTENT = bytes(range(256)) * 5
REFERENCES = "known_speaker_references[]"


def part(name: str, content: bytes, filename: str = "") -> bytes:
    file = f'; filename="{filename}"' if filename else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def parsed(*parts: bytes) -> FormData:
    async def stream():
        for content in (*parts, f"--{BOUNDARY}--\r\n".encode()):
            for first in range(0, len(content), 1 << 16):
                yield content[first : first + (1 << 16)]

    headers = Headers({"content-type": f"multipart/form-data; boundary={BOUNDARY}"})
    parser = Utf8Parser(headers, stream(), max_files=1, max_fields=64, max_part_size=64 << 10)
    return asyncio.run(parser.parse())


def clips(*parts: bytes) -> list[Clip]:
    return [Clip(name, file) for name, file in parsed(*parts).multi_items()]


def data_url(content: bytes = CONTENT, kind: str = "audio/mpeg") -> bytes:
    return f"data:{kind};base64,".encode() + base64.b64encode(content)


@pytest.mark.parametrize(
    "sent",
    [
        part(REFERENCES, data_url()),
        part("known_speaker_references", data_url(kind="audio/wav;rate=16000")),
        part("speaker_audio", data_url(), filename="ann.txt"),
        part("speaker_audio", CONTENT, filename="ann.wav"),
    ],
)
def test_a_clip_is_a_file_or_a_data_url(sent):
    (reference,) = pair(["Ann"], clips(sent), diarizes=True)
    assert reference.name == "Ann"
    with reference.open() as file:
        file.seek(0)
        assert file.read() == CONTENT


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"https://example.com/ann.wav", "is no data URL with base64"),
        (b"data:audio/wav,abc", "is no data URL with base64"),
        (b"data:audio/wav;base64,a?b=", "is no base64"),
        (b"data:audio/wav;base64,", "is empty"),
    ],
)
def test_what_is_no_clip_is_refused_with_what_would_be_right(sent, reason):
    (reference,) = pair(["Ann"], clips(part(REFERENCES, sent)), diarizes=True)
    named = rf"^known_speaker_references\[\]: the clip of 'Ann' {reason}.*; send 2 to 10 seconds"
    with pytest.raises(InvalidRequest, match=named):
        reference.open()


def test_a_large_clip_is_taken_and_lies_on_the_disk():
    (clip,) = clips(part(REFERENCES, b"d" * CLIP_BYTES))
    assert clip.file.size == CLIP_BYTES
    assert clip.file.file.fileno()
    with pytest.raises(InvalidRequest, match=r"^known_speaker_references\[\]: .*at most 3 MB each"):
        parsed(part(REFERENCES, b"d" * (CLIP_BYTES + 1)))


def test_all_clips_together_have_a_limit_as_well():
    full, rest = divmod(CLIPS_BYTES, CLIP_BYTES)
    whole = [part("speaker_audio", bytes(CLIP_BYTES), "a.wav")] * full
    assert len(clips(*whole, part(REFERENCES, b"d" * rest))) == full + 1
    with pytest.raises(InvalidRequest, match=r"known_speaker_references\[\]: .*16 MB together"):
        parsed(*whole, part(REFERENCES, b"d" * (rest + 1)))


def test_so_many_voices_can_be_known_and_no_more():
    many = [part(REFERENCES, data_url())] * MAX_CLIPS
    assert len(clips(*many)) == MAX_CLIPS > 4
    with pytest.raises(InvalidRequest, match=r"known_speaker_references\[\]: .*more than 16"):
        parsed(*many, part(REFERENCES, data_url()))


def test_fields_beside_clips_have_their_own_limits():
    form = parsed(
        part("file", b"RIFF", "a.wav"), part(REFERENCES, data_url()), part("prompt", b"Hi")
    )
    assert form["prompt"] == "Hi"
    assert isinstance(form["file"], UploadFile)


def some_clips(number: int, name: str = REFERENCES) -> list[Clip]:
    return clips(*[part(name, data_url())] * number)


@pytest.mark.parametrize(
    ("names", "given", "words"),
    [
        (["Ann"], [], r"known_speaker_names\[\]: there are 1 names, and 0 clips"),
        ([], some_clips(1), r"known_speaker_names\[\]: there are 0 names, and 1 clips"),
        (["Ann"], some_clips(2, "speaker_audio"), "speaker_name: there are 1 .* speaker_audio"),
        (["Ann", "Ann"], some_clips(2), r"known_speaker_names\[\]: 'Ann' is there twice"),
        (["A\nB"], some_clips(1), r"known_speaker_names\[\]: 'A\\nB' cannot be used"),
        (["A" * (MAX_NAME + 1)], some_clips(1), "at most 64 characters"),
    ],
)
def test_names_and_clips_that_do_not_fit_are_refused(names, given, words):
    with pytest.raises(InvalidRequest, match=words):
        pair(names, given, diarizes=True)


def test_a_voice_is_known_only_where_somebody_asks_who_speaks():
    assert pair([], [], diarizes=False) == ()
    assert pair(["A" * MAX_NAME], some_clips(1), diarizes=True)
    with pytest.raises(InvalidRequest, match=r"known_speaker_names\[\]: .*diarize=true"):
        pair(["Ann"], some_clips(1), diarizes=False)
