"""Weights that anybody may have written, read first where a crash harms nobody.

CTranslate2 believes what a ``model.bin`` says: with no attention heads in it, a division by zero
ends the process.  A file that has done so is not read again, nor is one that went well tried again.
"""

import hashlib
import logging
import os
import signal
from contextlib import suppress
from pathlib import Path

import ctranslate2

from pipeline import children
from pipeline.settings import Settings

TRIAL_SECONDS = 600
# What a process dies of by its own doing; SIGKILL is the kernel's, when memory is short.
CRASHES = (signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV)

logger = logging.getLogger(__name__)


def try_elsewhere(folder: Path, settings: Settings) -> None:
    """Load a Whisper in a process of its own, and hear a second of noise with it.

    Raises:
        RuntimeError: it cannot be loaded; the message says why.
    """
    folder = folder.absolute()
    device, compute_type = settings.device_of("whisper"), settings.whisper_compute_type
    verdict = _verdict(folder, settings, f"{device} {compute_type} {ctranslate2.__version__}")
    if verdict.is_file():
        if crash := verdict.read_text(encoding="utf-8"):
            raise RuntimeError(crash)
        return
    logger.info("trying the weights in %s in a process of their own", folder)
    status, told = children.run(
        "pipeline.transcription.trial",
        *(str(folder), device, compute_type, str(settings.cores_of("whisper"))),
        seconds=TRIAL_SECONDS,
    )
    if -status in CRASHES:
        crash = f"it ends the process that reads it ({signal.Signals(-status).name})"
        _remember(verdict, crash)
        raise RuntimeError(crash)
    if status == -signal.SIGKILL:
        raise RuntimeError("out of memory: the process that tried it was killed")
    if status:
        raise RuntimeError(told or f"the process that tried it ended with {status}")
    _remember(verdict, "")


def _verdict(folder: Path, settings: Settings, how: str) -> Path:
    """The file that holds what became of these very files, computed in this way."""
    states = {path.name: path.stat() for path in folder.iterdir() if path.is_file()}
    files = sorted((name, state.st_size, state.st_mtime_ns) for name, state in states.items())
    key = hashlib.sha256(os.fsencode(f"{how} {folder} ") + repr(files).encode()).hexdigest()
    return settings.cache_dir / "weights" / "tried" / key


def _remember(verdict: Path, crash: str) -> None:
    with suppress(OSError):  # a cache that cannot be written: it is tried again
        verdict.parent.mkdir(parents=True, exist_ok=True)
        partial = verdict.with_suffix(f".{os.getpid()}")
        partial.write_text(crash, encoding="utf-8")
        partial.rename(verdict)
