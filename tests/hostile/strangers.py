"""What is no recording at all, and what names other files in the place of sound."""

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Iterator

import numpy as np

from tests.hostile.cases import Case, Outcome
from tests.hostile.headers import chunk

RANDOM_BYTES = 100_000
SECRET_FILE = "/etc/passwd"
ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHI", 2, 62, 1)
PDF = b"%PDF-1.7\n1 0 obj\n<</Type /Catalog /Pages 2 0 R>>\nendobj\nstartxref\n9\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
PLAYLISTS = {
    "m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
    "m3u": "#EXTM3U\n#EXTINF:10,minutes\n{target}\n",
    "ffconcat": "ffconcat version 1.0\nfile '{target}'\n",
    "pls": "[playlist]\nNumberOfEntries=1\nFile1={target}\nLength1=-1\nVersion=2\n",
    "xspf": '<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList>'
    "<track><location>{target}</location></track></trackList></playlist>",
    "asx": '<asx version="3.0"><entry><ref href="{target}"/></entry></asx>',
    "smil": '<smil><body><audio src="{target}"/></body></smil>',
    "ram": "{target}\n",
    "cue": 'FILE "{target}" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n',
    "mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
    '<Period><AdaptationSet contentType="audio"><Representation id="0"><BaseURL>{target}'
    "</BaseURL></Representation></AdaptationSet></Period></MPD>",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    "m=audio {port} RTP/AVP 0\na=control:{target}\n",
}


def archive() -> bytes:
    """A ZIP file with a recording's name in it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("../../meeting.wav", bytes(1_000_000))
    return content.getvalue()


def no_recordings() -> Iterator[Case]:
    """Files of other kinds, called a recording."""
    random = np.random.default_rng(7).bytes(RANDOM_BYTES)
    contents = {
        "nothing": b"",
        "one byte": b"R",
        "zeros": bytes(RANDOM_BYTES),
        "random bytes": random,
        "random bytes in a RIFF": b"RIFF\x00\x00\x01\x00WAVEfmt " + random,
        "random bytes in an Ogg": b"OggS\x00\x02" + random,
        "random bytes in a Matroska": b"\x1a\x45\xdf\xa3" + random,
        "minutes": b"These are the minutes of our meeting.\n" * 500,
        "a page": b"<!DOCTYPE html><html><body>404 not found</body></html>",
        "an answer": json.dumps({"detail": "not found"}).encode(),
        "a PDF": PDF,
        "a ZIP": archive(),
        "a gzip": gzip.compress(bytes(1_000_000)),
        "a program": ELF + random,
        "a script": b"#!/bin/sh\nrm -rf /\n",
        "a JPEG": JPEG,
        "subtitles": b"1\n00:00:00,000 --> 00:00:02,000\nNobody says this.\n",
        "subtitles for the web": b"WEBVTT\n\n00:00.000 --> 00:02.000\nNobody says this.\n",
        "a drawing": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        "a graph description": b"[out0]\nsine=frequency=440\n",
        "a name": SECRET_FILE.encode(),
        "an option": b"-i /etc/passwd -f s16le pipe:1",
        "tracker music": b"Extended Module: " + random,
    }
    for name, content in contents.items():
        yield Case(name, content, Outcome.REFUSED, "meeting.mp3", "audio/mpeg")


def playlists(port: int) -> Iterator[Case]:
    """Lists that name files and servers; ``port`` is of one that must not be asked."""
    targets = {
        "a file": SECRET_FILE,
        "a file's URL": f"file://{SECRET_FILE}",
        "a server": f"http://127.0.0.1:{port}/segment.ts",
    }
    for kind, text in PLAYLISTS.items():
        for what, target in targets.items():
            content = text.format(target=target, port=port).encode()
            yield Case(f"{kind} that names {what}", content, Outcome.REFUSED, f"list.{kind}")
    others = {
        "data": "data:audio/wav;base64,UklGRg==",
        "concat": f"concat:{SECRET_FILE}|{SECRET_FILE}",
        "subfile": f"subfile,,start,0,end,9,,:{SECRET_FILE}",
        "a path upwards": "../../../../etc/passwd",
    }
    for what, target in others.items():
        content = PLAYLISTS["m3u8"].format(target=target).encode()
        yield Case(f"m3u8 that names {what}", content, Outcome.REFUSED, "list.m3u8")
    # ffmpeg once read the subtitles within an AVI file as whatever they looked like.
    inner = PLAYLISTS["m3u8"].format(target=f"http://127.0.0.1:{port}/segment.ts").encode()
    hidden = b"GAB2\x00" + struct.pack("<HIHHI", 2, 0, 0, 4, len(inner)) + inner
    avi = chunk(b"RIFF", b"AVI " + chunk(b"LIST", b"movi" + chunk(b"00tx", hidden)))
    yield Case("a list within an AVI", avi, Outcome.REFUSED, "film.avi")
