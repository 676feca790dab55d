"""The cache folder: what lies in it is complete and verified, and was fetched once."""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import WeightsUnavailable


def fetched_once(folder: Path, fetch: Callable[[Path], None]) -> Path:
    """Return ``folder``, filling it first if it is not there.

    ``fetch`` fills a folder beside it, which is renamed when it is complete, so
    that no process ever sees half of it.  Processes that come meanwhile wait.
    What a failed or killed fetch left is kept for the next one to continue.

    Raises:
        WeightsUnavailable: CACHE_DIR cannot be written; or raised by ``fetch``.
    """
    if folder.is_dir():
        return folder
    partial = folder.with_name(f".{folder.name}.partial")
    try:
        with _locked(folder.with_name(f".{folder.name}.lock")):
            if not folder.is_dir():
                partial.mkdir(exist_ok=True)
                try:
                    fetch(partial)
                    os.rename(partial, folder)
                finally:
                    _remove_if_empty(partial)
    except OSError as error:
        raise WeightsUnavailable(
            f"cannot write to {folder.parent} ({error.strerror or error}); "
            "set CACHE_DIR to a folder with room that can be written"
        ) from error
    return folder


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold ``path`` for this process and thread; the kernel frees it if the process dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
