"""Leaves that share the cores of one machine let each other's urgent pieces go first."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from pipeline.settings import Settings

LEAVES = ("whisper", "wav2vec2", "segmentation", "speaker_embedding")
PAUSE = 0.003  # seconds between looks at what is urgent elsewhere
PATIENCE = 15.0  # seconds that a batch steps back at the most: new recordings may keep coming


class Urgency:
    """Whether urgent pieces are under way to a leaf: what its step says and all leaves see.

    A lock on a file, which is gone with the process that held it.
    """

    def __init__(self, folder: Path, leaf: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = os.open(folder / leaf, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
        self._pieces = 0

    def enter(self) -> None:
        """A piece is under way; not to be called by two threads at once."""
        self._pieces += 1
        if self._pieces == 1:
            fcntl.flock(self._file, fcntl.LOCK_SH)

    def leave(self) -> None:
        """It has been answered."""
        self._pieces -= 1
        if not self._pieces:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def elsewhere(self) -> bool:
        """Whether another process has said so."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(self._file, fcntl.LOCK_UN)
        return False


class Precedence:
    """What a leaf looks at before it runs a batch.

    A batch that has begun is not interrupted, and a leaf that has urgent pieces
    itself does not wait: they may be in this batch or behind it.
    """

    def __init__(self, folder: Path, leaf: str, patience: float = PATIENCE) -> None:
        self._own = Urgency(folder, leaf)
        self._others = [Urgency(folder, other) for other in LEAVES if other != leaf]
        self._patience = patience

    def give_way(self) -> None:
        """Wait while other leaves have urgent pieces and this one has none."""
        until = time.monotonic() + self._patience
        while self._others_first() and time.monotonic() < until:
            time.sleep(PAUSE)

    def _others_first(self) -> bool:
        return any(other.elsewhere() for other in self._others) and not self._own.elsewhere()


def precedence_of(leaf: str, settings: Settings) -> Precedence | None:
    """What a leaf gives way by; ``None`` where it does not have to."""
    return Precedence(_folder(settings), leaf) if settings.leaves_share_cores else None


def urgency_at(leaf: str, settings: Settings) -> Urgency | None:
    """What a step tells of its urgent pieces; ``None`` where nobody has to give way to them."""
    return Urgency(_folder(settings), leaf) if settings.leaves_share_cores else None


def _folder(settings: Settings) -> Path:
    # Another service on this machine, of which this one knows nothing, has one of its own.
    return settings.cache_dir / "urgent" / str(settings.triton_grpc_port)
