"""A decoded recording: PCM in a file that its owner takes away whatever happens.

A file in POSIX shared memory has a name, by which Triton maps it, and is
locked as long as its owner lives; :func:`sweep` takes away what a killed
adapter left.  Any other file has no name at all.
"""

import contextlib
import fcntl
import logging
import mmap
import os
import tempfile
import threading
import time
import uuid
from pathlib import Path

import numpy as np

from pipeline.audio import SAMPLE_RATE, seconds
from pipeline.errors import Overloaded

SHARED_MEMORY = Path("/dev/shm")
PREFIX = "asr-recording-"
SAMPLE_BYTES = np.dtype(np.int16).itemsize
BYTES_PER_SECOND = SAMPLE_RATE * SAMPLE_BYTES
# One recording takes at most this part of what nobody else is promised: each of the four steps
# that hear it has a copy of its own there, and a Triton without shared memory fails.
SHARED_MEMORY_PARTS = 5
NO_ROOM = "there is no room for the decoded audio"
# A file is created a moment before it is locked; nobody's file is unlocked for longer.
UNLOCKED_SECONDS = 60

logger = logging.getLogger(__name__)

_SHARED: "set[Recording]" = set()  # those in shared memory, of this process
_SHARED_LOCK = threading.Lock()


class Recording:
    """Mono INT16 PCM at 16 kHz in a file; a context manager that takes the file away."""

    def __init__(self, shared: bool) -> None:
        self.key: str | None = None  # the name in POSIX shared memory
        self._promised = 0
        self._is_settled = False
        if shared:
            self.key = f"{PREFIX}{uuid.uuid4().hex}"
            path = SHARED_MEMORY / self.key
            self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fcntl.flock(self.fd, fcntl.LOCK_EX)
            _SHARED.add(self)
        else:
            with tempfile.TemporaryFile() as file:
                self.fd = os.dup(file.fileno())

    @property
    def samples(self) -> int:
        """How many samples there are."""
        return os.fstat(self.fd).st_size // SAMPLE_BYTES

    @property
    def size(self) -> int:
        """The bytes of these samples."""
        return self.samples * SAMPLE_BYTES

    @property
    def duration(self) -> float:
        """Seconds of audio."""
        return seconds(self.samples)

    def room(self, reserve: int) -> int:
        """Bytes that may be written here.

        Args:
            reserve: Bytes that stay free on a disk.
        """
        if self.key is None:
            return free_bytes(self.fd) - reserve
        return self._free_of_promises() // SHARED_MEMORY_PARTS

    def promise(self, wanted: int, reserve: int) -> int:
        """How many of the bytes that are wanted may be written here.

        In shared memory nobody else gets them before :meth:`settle`, though they are not
        written yet: those who decode at once cannot fill it together.
        """
        self._promised = max(min(wanted, self.room(reserve)), 0)
        return self._promised

    def settle(self) -> None:
        """All is written: keep room for the copies of it, rather than for more of itself.

        They are counted until the recording goes, made or not: nobody tells when they are.

        Raises:
            Overloaded: there is no room for them.
        """
        if self.key is not None:
            if (SHARED_MEMORY_PARTS - 1) * self.size > self._free_of_promises():
                raise Overloaded(NO_ROOM)
            self._is_settled = True

    def _free_of_promises(self) -> int:
        with _SHARED_LOCK:
            return free_bytes(self.fd) - sum(each._to_come() for each in _SHARED - {self})

    def _to_come(self) -> int:
        if self._is_settled:
            return (SHARED_MEMORY_PARTS - 1) * self.size
        return max(self._promised - self.size, 0)

    def pcm(self) -> np.ndarray:
        """The samples as INT16 [1, N], mapped and not read."""
        pages = mmap.mmap(self.fd, self.size, access=mmap.ACCESS_READ)
        return np.frombuffer(pages, np.int16)[None]

    def __enter__(self) -> "Recording":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Take the file away; takes 0.2 s for a gigabyte of shared memory."""
        if self.key is not None:
            with _SHARED_LOCK:  # whoever looks at those that are left finds their files open
                _SHARED.discard(self)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(SHARED_MEMORY / self.key)
        os.close(self.fd)


def free_bytes(fd: int) -> int:
    """What is free where this file lies."""
    status = os.fstatvfs(fd)
    return status.f_bavail * status.f_frsize


def sweep(folder: Path = SHARED_MEMORY) -> None:
    """Take away the recordings whose adapter was killed a while ago."""
    for path in folder.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime < UNLOCKED_SECONDS:
                continue
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(path)
                logger.info("took away %s, which a killed adapter left", path)
            finally:
                os.close(fd)
