"""Uploads that are bare PCM already: ``encode=false``, as whisper-asr-webservice has it.

Bazarr, for one, decodes by itself and sends samples without a header.
"""

import os
from dataclasses import dataclass

from adapter.intake.decoding import Limits, too_long
from adapter.intake.recording import BYTES_PER_SECOND, NO_ROOM, SAMPLE_BYTES, Recording
from adapter.intake.uploads import Upload
from adapter.threads import in_thread
from pipeline.errors import InvalidRequest, Overloaded

BLOCK = 4 << 20  # bytes; after each one somebody who hangs up is noticed
# How files begin: WAV, AIFF, CAF, Ogg, FLAC, MP3 with tags, Matroska, ASF. MP4 names itself later.
CONTAINERS = (
    *(b"RIFF", b"RF64", b"FORM", b"caff", b"OggS", b"fLaC", b"ID3"),
    *(b"\x1aE\xdf\xa3", b"0&\xb2u"),
)


@dataclass(frozen=True)
class PcmUpload(Upload):
    """An upload of mono PCM at 16 kHz, INT16, little-endian, without a header."""


def as_pcm(upload: Upload) -> Upload:
    """The upload as PCM, unless the mark of a file format is at its front.

    Such a file is decoded after all: the header would be heard as a click, and what is
    compressed as noise.
    """
    front = os.pread(upload.fd, 12, 0)
    if front.startswith(CONTAINERS) or front[4:8] == b"ftyp":
        return upload
    return PcmUpload(**vars(upload))


async def copy_pcm(
    source: int, target: Recording, limits: Limits, part: str = "audio_file"
) -> None:
    """Copy the samples behind the descriptor ``source`` into ``target``.

    Args:
        part: The name by which the client knows the file.

    Raises:
        InvalidRequest: they are not samples of 16 bits.
        TooLarge: there are more than allowed.
        Overloaded: there is no room for them.
        OSError: their disk is full before they are all there.
    """
    size = os.fstat(source).st_size
    if size % SAMPLE_BYTES:
        raise InvalidRequest(
            f"{part}: could not decode the file: with encode=false it must be PCM of 16 bit "
            "samples, and an odd number of bytes is no whole number of them; send all of it, or "
            "any other format without encode=false"
        )
    if size > limits.duration * BYTES_PER_SECOND:
        raise too_long(part, limits)
    if target.promise(size, limits.reserve) < size:
        raise Overloaded(NO_ROOM)
    copied = 0
    while copied < size:
        block = min(BLOCK, size - copied)
        copied += await in_thread(os.sendfile, target.fd, source, copied, block)
