"""Any recording to mono 16 kHz PCM, in a process of its own.

ffmpeg reads the uploaded file and writes straight into the recording's file:
nothing passes through this process.  Hostile media meet limits of memory,
time and output, one readable protocol, and no format that names other files
(playlists, concatenations, scripts).
"""

import asyncio
import contextlib
import os
import re
import resource
import shutil
import signal
from dataclasses import dataclass

import imageio_ffmpeg

from adapter.errors import TooLarge
from adapter.recording import BYTES_PER_SECOND, Recording
from pipeline.audio import SAMPLE_RATE
from pipeline.errors import InvalidRequest, Overloaded

# Containers and raw streams that hold sound and refer to nothing outside themselves.
FORMATS = (
    "3g2,3gp,aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dts,eac3,flac,flv,loas,m4a,"
    "matroska,mj2,mov,mp3,mp4,mpeg,mpegts,mxf,nut,ogg,rm,tta,voc,w64,wav,webm,wv"
)
MEMORY_BYTES = 1 << 30  # ffmpeg's address space; ordinary files need under 300 MB of it
MESSAGE_BYTES = 4096  # of what ffmpeg says, kept from its end
# What ffmpeg's own words mean, in the order in which they are looked for.
REASONS = (
    (re.compile("matches no streams"), "the file has no audio stream"),
    (re.compile("not on whitelist"), "failed to decode audio: not a format that is accepted here"),
    (re.compile("moov atom not found"), "failed to decode audio: the file is cut short"),
    (re.compile("Cannot allocate memory"), "failed to decode audio: it needs too much memory"),
)


@dataclass(frozen=True)
class Limits:
    """What decoding one recording may take."""

    duration: float  # seconds of audio
    time: float  # seconds of decoding


def find_ffmpeg(configured: str | None) -> str:
    """The ffmpeg to run: the configured one, imageio-ffmpeg's, or the system's.

    Raises:
        RuntimeError: there is none, or the configured one cannot be run.
    """
    if configured:
        if path := shutil.which(configured):
            return path
        raise RuntimeError(f"FFMPEG={configured!r} is not a program that can be run")
    return imageio_ffmpeg.get_ffmpeg_exe()


def _command(ffmpeg: str, source: int, limits: Limits) -> list[str]:
    # A second more than is allowed, so that a recording that is too long shows.
    seconds = f"{limits.duration + 1:.3f}"
    return [
        *(ffmpeg, "-hide_banner", "-nostdin", "-v", "error", "-threads", "1"),
        *("-protocol_whitelist", "file", "-format_whitelist", FORMATS),
        *("-i", f"/dev/fd/{source}", "-map", "0:a:0", "-vn", "-sn", "-dn"),
        *("-t", seconds, "-ac", "1", "-ar", str(SAMPLE_RATE), "-f", "s16le", "pipe:1"),
    ]


def _restrain(pid: int, limits: Limits) -> None:
    # From here rather than between fork and exec, where Python code is not safe in a process
    # with threads; the few milliseconds before do no harm.
    cpu_seconds = int(limits.time) + 1
    output = int((limits.duration + 2) * BYTES_PER_SECOND)
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.prlimit(pid, resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (output, output))
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))


async def _tail(stream: asyncio.StreamReader) -> str:
    kept = b""
    while block := await stream.read(1 << 16):
        kept = (kept + block)[-MESSAGE_BYTES:]
    return kept.decode(errors="replace")


def _environment() -> dict[str, str]:
    # Nothing of the service's own environment, which holds secrets, but where libraries lie.
    return {key: os.environ[key] for key in ("LD_LIBRARY_PATH",) if key in os.environ}


async def _run(command: list[str], source: int, target: Recording, limits: Limits) -> str | None:
    """Run ffmpeg to its end; what it said, or None if all went well."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=target.fd,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=(source,),
        start_new_session=True,
        env=_environment(),
    )
    try:
        _restrain(process.pid, limits)
        message = await asyncio.wait_for(_tail(process.stderr), limits.time)
        return message if await process.wait() else None
    except asyncio.TimeoutError:
        raise InvalidRequest(
            f"could not decode the file within {limits.time:.0f} seconds"
        ) from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await asyncio.shield(process.wait())


async def decode(ffmpeg: str, source: int, target: Recording, limits: Limits) -> None:
    """Decode the file behind the descriptor ``source`` into ``target``.

    Raises:
        InvalidRequest: it is not a recording that can be decoded, or an empty one.
        TooLarge: it is longer than allowed.
        Overloaded: there is no room for the decoded audio.
    """
    message = await _run(_command(ffmpeg, source, limits), source, target, limits)
    if message is not None:
        if "No space left on device" in message:
            raise Overloaded("there is no room for the decoded audio")
        for pattern, reason in REASONS:
            if pattern.search(message):
                raise InvalidRequest(f"could not decode the file: {reason}")
        raise InvalidRequest("could not decode the file: failed to decode audio, it is none")
    if target.size > limits.duration * BYTES_PER_SECOND:
        raise TooLarge(
            f"file too large: the recording is longer than {limits.duration:.0f} seconds"
        )
    if target.samples == 0:
        raise InvalidRequest("could not decode the file: the audio in it is empty")
