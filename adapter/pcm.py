"""Uploads that are bare PCM already: ``encode=false``, as whisper-asr-webservice has it.

Bazarr, for one, decodes by itself and sends samples without a header.
"""

import asyncio
import errno
import os
from dataclasses import dataclass

from adapter.decoding import Limits
from adapter.errors import TooLarge
from adapter.recording import BYTES_PER_SECOND, SAMPLE_BYTES, Recording
from adapter.uploads import Upload
from pipeline.errors import InvalidRequest, Overloaded

BLOCK = 4 << 20  # bytes; copied in a millisecond or two, between which others get their turn
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


async def copy_pcm(source: int, target: Recording, limits: Limits) -> None:
    """Copy the samples behind the descriptor ``source`` into ``target``.

    Raises:
        InvalidRequest: they are not samples of 16 bits.
        TooLarge: there are more than allowed.
        Overloaded: there is no room for them.
    """
    size = os.fstat(source).st_size
    if size % SAMPLE_BYTES:
        raise InvalidRequest(
            "could not decode the file: with encode=false it must be PCM of 16 bit samples, "
            "and an odd number of bytes is no whole number of them"
        )
    if size > limits.duration * BYTES_PER_SECOND:
        raise TooLarge(
            f"file too large: the recording is longer than {limits.duration:.0f} seconds"
        )
    copied = 0
    while copied < size:
        try:
            copied += os.sendfile(target.fd, source, copied, min(BLOCK, size - copied))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise Overloaded("there is no room for the decoded audio") from None
        await asyncio.sleep(0)
