"""Headers that lie: sizes, counts and rates that cannot be, boxes in boxes."""

import struct
import zlib
from collections.abc import Iterator

from tests.hostile.cases import Case, Outcome

PCM, UNKNOWN_CODEC = 1, 0x4242
LARGEST = 0xFFFF_FFFF
RATE = 16_000
PADDING = 1 << 20
COVER_PIXELS = 16_000  # wide and high: 768 MB, if somebody decodes it
ROWS = 1000
NESTED = 20_000  # boxes in one another; a parser that recurses has no stack for them


def chunk(name: bytes, content: bytes, size: int | None = None) -> bytes:
    """A RIFF chunk, which may say of itself that it has another size."""
    return name + struct.pack("<I", len(content) if size is None else size) + content


def wav(
    content: bytes,
    channels: int = 1,
    rate: int = RATE,
    bits: int = 16,
    codec: int = PCM,
    align: int | None = None,
    riff_size: int | None = None,
    data_size: int | None = None,
) -> bytes:
    """A WAV file whose header says what it is told to say."""
    align = channels * bits // 8 & 0xFFFF if align is None else align
    speed = rate * align & LARGEST
    header = struct.pack("<HHIIHH", codec, channels, rate, speed, align, bits)
    chunks = chunk(b"fmt ", header) + chunk(b"data", content, data_size)
    return chunk(b"RIFF", b"WAVE" + chunks, riff_size)


def samples(wav_file: bytes) -> bytes:
    """The samples of a WAV file that ffmpeg wrote."""
    return wav_file[wav_file.index(b"data") + 8 :]


def box(name: bytes, content: bytes = b"", size: int | None = None) -> bytes:
    """An MP4 box, which may say of itself that it has another size."""
    return struct.pack(">I", len(content) + 8 if size is None else size) + name + content


def synchsafe(size: int) -> bytes:
    """A size as ID3 writes it, 7 bits a byte."""
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def black_png() -> bytes:
    """A picture that is small in a file and huge in memory."""
    row = bytes(1 + 3 * COVER_PIXELS)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(row * ROWS) + packer.flush(zlib.Z_FULL_FLUSH)
    # Adler-32 of zeros counts them.
    check = struct.pack(">HH", len(row) * COVER_PIXELS % 65_521, 1)
    pixels = b"\x78\x01" + packed * (COVER_PIXELS // ROWS) + b"\x03\x00" + check
    header = struct.pack(">IIBBBBB", COVER_PIXELS, COVER_PIXELS, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )


def with_cover_bomb(mp3: bytes) -> bytes:
    """An MP3 with that picture as its cover."""
    picture = b"\x00image/png\x00\x03\x00" + black_png()
    frame = b"APIC" + struct.pack(">I", len(picture)) + b"\x00\x00" + picture
    return b"ID3\x03\x00\x00" + synchsafe(len(frame)) + frame + mp3


def waves(speech: bytes, tone: bytes) -> Iterator[Case]:
    """WAV files; ``speech`` and ``tone`` are samples at 16 kHz."""
    lies = {
        "a size of 4 GB": (wav(speech, data_size=LARGEST, riff_size=LARGEST), Outcome.SPEECH),
        "no size": (wav(tone, riff_size=0), Outcome.SOUND),
        "a RIFF of negative size": (wav(tone, riff_size=2**31), Outcome.SOUND),
        "no channels": (wav(tone, channels=0), Outcome.REFUSED),
        "65535 channels": (wav(tone, channels=65_535), Outcome.REFUSED),
        "0 Hz": (wav(tone, rate=0), Outcome.REFUSED),
        "4 GHz": (wav(tone, rate=LARGEST), Outcome.EITHER),
        "1 Hz": (wav(tone[:4], rate=1), Outcome.EITHER),
        "0 bits": (wav(tone, bits=0), Outcome.EITHER),
        "7 bits": (wav(tone, bits=7), Outcome.EITHER),
        "an alignment of 0": (wav(tone, align=0), Outcome.EITHER),
        "an alignment of 65535": (wav(tone, align=65_535), Outcome.EITHER),
        "a codec that does not exist": (wav(tone, codec=UNKNOWN_CODEC), Outcome.REFUSED),
        "no samples": (wav(b""), Outcome.REFUSED),
        "one sample": (wav(bytes(2)), Outcome.SOUND),
    }
    for lie, (content, outcome) in lies.items():
        yield Case(f"wav with {lie}", content, outcome)
    only_data = chunk(b"RIFF", b"WAVE" + chunk(b"data", tone))
    yield Case("wav without a format", only_data, Outcome.REFUSED)
    yield Case("wav without data", wav(b"")[:-8], Outcome.REFUSED)


def tags(speech: bytes, mp3: bytes, flac: bytes) -> Iterator[Case]:
    """Tags that are larger than the file, or than anything."""
    tag = b"ID3\x04\x00\x00"
    padded = tag + synchsafe(PADDING) + bytes(PADDING) + speech
    yield Case("mp3 after 1 MB of tags", padded, Outcome.SPEECH)
    yield Case("mp3 with a cover of 768 MB", with_cover_bomb(mp3), Outcome.SOUND)
    yield Case("mp3 in its own tag", tag + synchsafe((1 << 28) - 1) + mp3, Outcome.EITHER)
    yield Case("a tag alone", tag + synchsafe(1000) + bytes(1000), Outcome.REFUSED)
    frame = b"TIT2" + synchsafe((1 << 28) - 1) + b"\x00\x00" + b"\x00" * 100
    yield Case("a title of 256 MB", tag + synchsafe(len(frame)) + frame + mp3, Outcome.EITHER)
    yield Case("tags in tags", (tag + synchsafe(10)) * 1000 + mp3, Outcome.EITHER)
    picture = b"\x06" + (0xFF_FFFF).to_bytes(3, "big")
    yield Case("flac with a picture of 16 MB", flac[:42] + picture + flac[42:], Outcome.EITHER)
    streaminfo = bytearray(flac)
    streaminfo[18:26] = b"\x00" * 8
    yield Case("flac of 0 Hz", bytes(streaminfo), Outcome.EITHER)


def boxes(m4a: bytes) -> Iterator[Case]:
    """MP4 files that no program has written."""
    start = box(b"ftyp", b"M4A \x00\x00\x02\x00isom")
    nested = b"".join(box(b"moov", size=8 * (NESTED - depth)) for depth in range(NESTED))
    yield Case("mp4, 20000 boxes deep", start + nested, Outcome.REFUSED)
    yield Case("mp4 with a box of 4 GB", start + box(b"moov", size=LARGEST), Outcome.REFUSED)
    yield Case("mp4 with a box of no size", start + box(b"moov", size=0), Outcome.REFUSED)
    yield Case("mp4 with a box of 3 bytes", start + box(b"moov", size=3), Outcome.REFUSED)
    many = bytearray(m4a)
    count = m4a.index(b"stsz") + 4 + 8  # after version, flags and the common size
    many[count : count + 4] = struct.pack(">I", LARGEST)
    yield Case("mp4 of 4 billion samples", bytes(many), Outcome.REFUSED)
    # A reference to data in another file: the flag that says «in this one» is cleared.
    reference = m4a.index(b"url \x00\x00\x00\x01")
    elsewhere = m4a[:reference] + b"url \x00\x00\x00\x00" + m4a[reference + 8 :]
    yield Case("mp4 whose samples lie elsewhere", elsewhere, Outcome.EITHER)
    unknown = m4a.replace(b"mp4a", b"zzzz").replace(b"esds", b"zzzz")
    yield Case("mp4 with a codec that does not exist", unknown, Outcome.REFUSED)
