"""Files that were whole once: cut short, hit by bit errors, or called something else."""

from collections.abc import Iterator

import numpy as np

from tests.hostile.cases import Case, Outcome

HEADER_BYTES = 24
CUTS = {"at its header": HEADER_BYTES, "after 200 bytes": 200}
FLIPPED_SHARE = {1: 1e-3, 2: 1e-4, 3: 1e-5}  # of all bits, by seed
LABELS = {
    "wav": ("meeting.mp3", "audio/mpeg"),
    "mp3": ("meeting.wav", "audio/wav"),
    "m4a": ("meeting.txt", "text/plain"),
    "webm": ("meeting.jpg", "image/jpeg"),
    "flac": ("meeting.exe", "application/x-msdownload"),
    "ogg": ("meeting", "application/json"),
    "opus": ("meeting.m3u8", "application/vnd.apple.mpegurl"),
}


def cut_short(speech: dict[str, bytes], tone: dict[str, bytes]) -> Iterator[Case]:
    """Files whose end is missing: what there is of a recording is transcribed."""
    for format_, content in tone.items():
        for where, size in CUTS.items():
            yield Case(f"{format_} cut {where}", content[:size], Outcome.EITHER)
        yield Case(f"{format_} cut by a byte", content[:-1], Outcome.EITHER)
    for format_ in ("wav", "mp3", "webm"):
        # The words are over after two thirds of the clip.
        kept = speech[format_][: len(speech[format_]) * 85 // 100]
        yield Case(f"{format_} cut after 85 %", kept, Outcome.SPEECH)
    for format_ in ("flac", "ogg", "opus"):
        kept = tone[format_][: len(tone[format_]) * 85 // 100]
        yield Case(f"{format_} cut after 85 %", kept, Outcome.SOUND)
    kept = tone["m4a"][: len(tone["m4a"]) * 85 // 100]
    yield Case("m4a cut after 85 %, before its index", kept, Outcome.REFUSED)


def flipped(content: bytes, seed: int, begin: int, end: int, share: float) -> bytes:
    """These bytes with some of the bits between two places turned over."""
    bits = np.unpackbits(np.frombuffer(content, np.uint8))
    chosen = np.random.default_rng(seed).random(bits.size) < share
    chosen[: begin * 8] = chosen[end * 8 :] = False
    return np.packbits(bits ^ chosen).tobytes()


def bit_errors(tone: dict[str, bytes]) -> Iterator[Case]:
    """Files with wrong bits in their header, or everywhere."""
    for format_, content in tone.items():
        for seed, share in FLIPPED_SHARE.items():
            header = flipped(content, seed, 0, 64, 0.1)
            yield Case(f"{format_}, wrong header bits {seed}", header, Outcome.EITHER)
            body = flipped(content, seed, 64, len(content), share)
            yield Case(f"{format_}, wrong bits {seed}", body, Outcome.EITHER)


def mislabelled(speech: dict[str, bytes]) -> Iterator[Case]:
    """Recordings under another format's name and type: what they are decides."""
    for format_, (filename, content_type) in LABELS.items():
        yield Case(
            f"{format_} called {filename}", speech[format_], Outcome.SPEECH, filename, content_type
        )
