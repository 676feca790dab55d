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
import time
import uuid
from pathlib import Path

import numpy as np

from pipeline.audio import SAMPLE_RATE

SHARED_MEMORY = Path("/dev/shm")
PREFIX = "asr-recording-"
SAMPLE_BYTES = np.dtype(np.int16).itemsize
BYTES_PER_SECOND = SAMPLE_RATE * SAMPLE_BYTES
# One recording takes at most this part of what is free: each of the steps that hear it has a
# copy of its own there, and a Triton without shared memory fails.
SHARED_MEMORY_PARTS = 4
# A file is created a moment before it is locked; nobody's file is unlocked for longer.
UNLOCKED_SECONDS = 60

logger = logging.getLogger(__name__)


class Recording:
    """Mono INT16 PCM at 16 kHz in a file; a context manager that takes the file away."""

    def __init__(self, shared: bool) -> None:
        self.key: str | None = None  # the name in POSIX shared memory
        if shared:
            self.key = f"{PREFIX}{uuid.uuid4().hex}"
            path = SHARED_MEMORY / self.key
            self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fcntl.flock(self.fd, fcntl.LOCK_EX)
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

    def room(self, reserve: int) -> int:
        """Bytes that may be written here.

        Args:
            reserve: Bytes that stay free on a disk.
        """
        free = os.fstatvfs(self.fd).f_bavail * os.fstatvfs(self.fd).f_frsize
        return free - reserve if self.key is None else free // SHARED_MEMORY_PARTS

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
            with contextlib.suppress(FileNotFoundError):
                os.unlink(SHARED_MEMORY / self.key)
        os.close(self.fd)


def sweep(folder: Path = SHARED_MEMORY) -> None:
    """Take away the recordings whose adapter was killed."""
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
