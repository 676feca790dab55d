"""Any recording to mono 16 kHz PCM, in a process of its own.

ffmpeg reads the upload as its standard input and writes straight into the
recording's file: nothing passes through this process.  Hostile media meet
limits of memory, time and output, a process that can open nothing else
(no protocol but its standard input, no format that names other files), no
decoder of pictures, and namespaces of its own where it may have them.

A file that is damaged or cut short gives what can be decoded of it; one of
which nothing can is the client's mistake.
"""

import asyncio
import contextlib
import os
import re
import resource
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

import imageio_ffmpeg

from adapter.errors import TooLarge
from adapter.intake.recording import BYTES_PER_SECOND, NO_ROOM, Recording
from pipeline.audio import SAMPLE_RATE
from pipeline.errors import InvalidRequest, Overloaded

PROTOCOL = "fd"  # ffmpeg 6's name for a descriptor in which it can seek
# Containers and raw streams that hold sound and refer to nothing outside themselves.
FORMATS = (
    "3g2,3gp,aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dts,eac3,flac,flv,loas,m4a,"
    "matroska,mj2,mov,mp3,mp4,mpeg,mpegts,mxf,nut,ogg,rm,tta,voc,w64,wav,webm,wv"
)
# What they hold.  Without a list, ffmpeg decodes pictures too, only to tell their size: the
# cover of an MP3 of one megabyte then takes a gigabyte and three seconds.
CODECS = (
    "aac,aac_fixed,aac_latm,ac3,ac3_fixed,adpcm_ima_qt,adpcm_ima_wav,adpcm_ms,adpcm_swf,"
    "adpcm_yamaha,alac,als,amrnb,amrwb,ape,atrac3,cook,dca,eac3,flac,g722,g723_1,g726,g729,gsm,"
    "gsm_ms,ilbc,libgsm,libgsm_ms,libilbc,libopencore_amrnb,libopencore_amrwb,libopus,libspeex,"
    "libvorbis,mace3,mace6,mlp,mp1,mp1float,mp2,mp2float,mp3,mp3float,nellymoser,opus,pcm_alaw,"
    "pcm_bluray,pcm_dvd,pcm_f32be,pcm_f32le,pcm_f64be,pcm_f64le,pcm_mulaw,pcm_s16be,"
    "pcm_s16be_planar,pcm_s16le,pcm_s16le_planar,pcm_s24be,pcm_s24le,pcm_s24le_planar,pcm_s32be,"
    "pcm_s32le,pcm_s32le_planar,pcm_s64be,pcm_s64le,pcm_s8,pcm_s8_planar,pcm_u16be,pcm_u16le,"
    "pcm_u24be,pcm_u24le,pcm_u32be,pcm_u32le,pcm_u8,qcelp,qdm2,real_144,real_288,s302m,sipr,"
    "speex,truehd,truespeech,tta,vorbis,wavpack,wmalossless,wmapro,wmav1,wmav2,wmavoice"
)
MEMORY_BYTES = 1 << 30  # ffmpeg's address space; ordinary files need under 300 MB of it
MESSAGE_BYTES = 16_384  # of what ffmpeg says, kept from its end
TOLD_BYTES = 1 << 18  # of what it tells about a file
FIRST_TRACK = ("-map", "0:a:0", "-ac", "1")  # of its output: the channels of one track, mixed
USUAL = "send audio, or a video with sound, in a usual format such as wav, mp3, m4a, ogg or webm"
# What ffmpeg's own words mean, in the order in which they are looked for.
REASONS = (
    (re.compile("matches no streams"), "the file has no audio stream"),
    (re.compile("Format not on whitelist"), "failed to decode audio: its format is not accepted"),
    (re.compile("moov atom not found"), "failed to decode audio: the file is cut short"),
    (re.compile("Cannot allocate memory"), "failed to decode audio: it needs too much memory"),
)


@dataclass(frozen=True)
class Limits:
    """What decoding one recording may take."""

    duration: float  # seconds of audio
    time: float  # seconds of decoding
    reserve: int = 0  # bytes that decoded audio leaves free on a disk
    fence: tuple[str, ...] = ()  # the command in front of ffmpeg that takes rights away from it


def find_ffmpeg(configured: str | None) -> str:
    """The ffmpeg to run: the configured one, imageio-ffmpeg's, or the system's.

    Raises:
        RuntimeError: there is none, or it cannot be run or cannot read a descriptor.
    """
    path = shutil.which(configured) if configured else imageio_ffmpeg.get_ffmpeg_exe()
    if path is None:
        raise RuntimeError(f"FFMPEG={configured!r} is not a program that can be run")
    answer = subprocess.run(
        [path, "-hide_banner", "-protocols"],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=30,
    )
    if PROTOCOL not in answer.stdout.split():
        raise RuntimeError(f"FFMPEG={path!r} cannot be used; ffmpeg 6.0 or a later one is needed")
    return path


def _input(ffmpeg: str, limits: Limits, verbosity: str) -> list[str]:
    return [
        *limits.fence,
        *(ffmpeg, "-hide_banner", "-nostdin", "-v", verbosity, "-threads", "1"),
        *("-protocol_whitelist", PROTOCOL, "-format_whitelist", FORMATS),
        *("-codec_whitelist", CODECS),
        *("-i", f"{PROTOCOL}:"),
    ]


def _command(ffmpeg: str, limits: Limits, chosen: Sequence[str]) -> list[str]:
    # A second more than is allowed, so that a recording that is too long shows.
    seconds = f"{limits.duration + 1:.3f}"
    return [
        *_input(ffmpeg, limits, "error"),
        *(*chosen, "-vn", "-sn", "-dn"),
        *("-t", seconds, "-ar", str(SAMPLE_RATE), "-f", "s16le", "pipe:1"),
    ]


async def ask_ffmpeg(ffmpeg: str, source: int, limits: Limits) -> str:
    """What ffmpeg tells about the file behind the descriptor ``source``, in lines.

    Raises:
        InvalidRequest: it takes too long over it.
    """
    command = _input(ffmpeg, limits, "info")
    _, told = await _converse(command, source, subprocess.DEVNULL, limits, 0, TOLD_BYTES)
    return told


def _restrain(pid: int, limits: Limits, output: int) -> None:
    # From here rather than between fork and exec, where Python code is not safe in a process
    # with threads; the few milliseconds before do no harm.
    limit = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_CPU: int(limits.time) + 1,
        resource.RLIMIT_FSIZE: output,
        resource.RLIMIT_CORE: 0,
    }
    with contextlib.suppress(ProcessLookupError):
        for kind, value in limit.items():
            _, inherited = resource.prlimit(pid, kind)
            if inherited != resource.RLIM_INFINITY:
                value = min(value, inherited)
            resource.prlimit(pid, kind, (value, value))


async def _tail(stream: asyncio.StreamReader, most: int) -> str:
    kept = b""
    while block := await stream.read(1 << 16):
        kept = (kept + block)[-most:]
    return kept.decode(errors="replace")


def _environment() -> dict[str, str]:
    # Nothing of the service's own environment, which holds secrets, but where libraries lie.
    return {key: os.environ[key] for key in ("LD_LIBRARY_PATH",) if key in os.environ}


async def _converse(
    command: list[str], source: int, output: int, limits: Limits, most: int, told: int
) -> tuple[int, str]:
    """Run ffmpeg to its end.

    Args:
        output: the descriptor that it writes to.
        most: bytes that it may write to a file.
        told: bytes that are kept of what it says, from its end.

    Returns:
        Its exit status, and what it said.
    """
    os.lseek(source, 0, os.SEEK_SET)  # ffmpeg goes on where whoever read last has stopped
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=source,
        stdout=output,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        env=_environment(),
    )
    try:
        _restrain(process.pid, limits, most)
        message = await asyncio.wait_for(_tail(process.stderr, told), limits.time)
        return await process.wait(), message
    except asyncio.TimeoutError:
        raise InvalidRequest(f"it took longer than {limits.time:.0f} seconds") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await asyncio.shield(process.wait())


async def _run(command: list[str], source: int, target: Recording, limits: Limits) -> str | None:
    """Run ffmpeg to its end; what it said, or None if all went well."""
    wanted = int((limits.duration + 2) * BYTES_PER_SECOND)
    promised = target.promise(wanted, limits.reserve)
    status, message = await _converse(command, source, target.fd, limits, promised, MESSAGE_BYTES)
    # One that is quick may be through before its limits are set.
    if status == -signal.SIGXFSZ or target.size > promised:
        if promised < wanted:
            raise Overloaded(NO_ROOM)
        return None  # what is there is longer than it may be
    if "No space left on device" in message:
        raise Overloaded(NO_ROOM)
    return message if status else None


async def decode(
    ffmpeg: str,
    source: int,
    target: Recording,
    limits: Limits,
    part: str = "audio_file",
    chosen: Sequence[str] = FIRST_TRACK,
) -> None:
    """Decode the file behind the descriptor ``source`` into ``target``.

    Args:
        part: The name by which the client knows the file.
        chosen: ffmpeg's arguments for what is decoded of it.

    Raises:
        InvalidRequest: it is not a recording that can be decoded, or an empty one.
        TooLarge: it is longer than allowed.
        Overloaded: there is no room for the decoded audio.
    """
    try:
        message = await _run(_command(ffmpeg, limits, chosen), source, target, limits)
        if message is not None:
            raise InvalidRequest(_reason(message))
        if target.samples == 0:
            raise InvalidRequest("the audio in it is empty")
    except InvalidRequest as refusal:
        raise InvalidRequest(f"{part}: could not decode the file: {refusal}; {USUAL}") from None
    if target.size > limits.duration * BYTES_PER_SECOND:
        raise too_long(part, limits)


def too_long(part: str, limits: Limits) -> TooLarge:
    """The refusal of a recording that lasts longer than is allowed."""
    return TooLarge(
        f"{part}: file too large: the recording is longer than {limits.duration:g} seconds; "
        "send it in pieces"
    )


def _reason(message: str) -> str:
    for pattern, reason in REASONS:
        if pattern.search(message):
            return reason
    return "failed to decode audio, it is none or too much of it is damaged"
