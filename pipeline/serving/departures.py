"""The requests that nobody waits for any more, as the steps tell them to the leaves.

A piece that has been sent cannot be called back, and lies in its leaf's queue for as long as a
batch takes.  The leaf looks here when its batch begins, and answers without computing.
"""

from __future__ import annotations

import hashlib
import mmap
import os
from pathlib import Path

from pipeline.settings import Settings

SLOTS = 4096  # of the newest departures; an older one that is overwritten costs a computation
MARK = 8  # bytes that stand for a key


class Departures:
    """A table that all models of one Triton share: a file, mapped by each of them."""

    def __init__(self) -> None:
        self._table: mmap.mmap | None = None
        self._salt = b""

    def configure(self, settings: Settings) -> None:
        """Share the table with the other models of the Triton whose child this process is."""
        folder = settings.cache_dir / "departures"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / str(settings.triton_grpc_port)
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(descriptor, SLOTS * MARK)
            self._table = mmap.mmap(descriptor, SLOTS * MARK)
        finally:
            os.close(descriptor)
        # A client may use a key again that was given up under an earlier Triton.
        self._salt = _this_triton()

    def note(self, key: str) -> None:
        """Nobody waits for the request with this key any more."""
        if self._table is not None:
            mark, at = self._place(key)
            self._table[at : at + MARK] = mark

    def __contains__(self, key: object) -> bool:
        if self._table is None or not isinstance(key, str):
            return False
        mark, at = self._place(key)
        return self._table[at : at + MARK] == mark

    def _place(self, key: str) -> tuple[bytes, int]:
        mark = hashlib.blake2b(key.encode(), digest_size=MARK, key=self._salt).digest()
        return mark, int.from_bytes(mark, "little") % SLOTS * MARK


def _this_triton() -> bytes:
    """What tells the server that started this process from all that ran before."""
    server = os.getppid()
    # The name in parentheses may hold anything; the 20th field behind it is the start in ticks.
    fields = Path(f"/proc/{server}/stat").read_bytes().rpartition(b")")[2].split()
    return b"%d.%s" % (server, fields[19])


DEPARTURES = Departures()  # a process is one model
