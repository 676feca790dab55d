"""The cache folder: what lies in it is complete and verified, and was fetched once."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import WeightsUnavailable


def fetched_once(
    folder: Path,
    fetch: Callable[[Path], None],
    is_complete: Callable[[Path], bool] = Path.is_dir,
) -> Path:
    """Return ``folder``, filling it first if it is not complete.

    ``fetch`` fills a folder beside it, which is renamed when it is complete, so
    that no process ever sees half of it.  Processes that come meanwhile wait.
    What a failed or killed fetch left is kept for the next one to continue.

    Raises:
        WeightsUnavailable: CACHE_DIR cannot be written, or files are missing of what was
            fetched; or raised by ``fetch``.
    """
    if is_complete(folder):
        return folder
    partial = folder.with_name(f".{folder.name}.partial")
    try:
        with _locked(folder.with_name(f".{folder.name}.lock")):
            if not is_complete(folder):
                partial.mkdir(exist_ok=True)
                try:
                    fetch(partial)
                    _put_into_place(partial, folder, is_complete)
                finally:
                    _remove_if_empty(partial)
    except OSError as error:
        raise WeightsUnavailable(
            f"cannot write to {folder.parent} ({error.strerror or error}); "
            "set CACHE_DIR to a folder with room that can be written"
        ) from error
    return folder


def _put_into_place(partial: Path, folder: Path, is_complete: Callable[[Path], bool]) -> None:
    if not is_complete(partial):
        raise WeightsUnavailable(f"what was fetched for {folder.name} lacks files")
    if folder.is_dir():  # of a version that looked less closely
        shutil.rmtree(folder)
    os.rename(partial, folder)


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


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold ``path`` for this process and thread; the kernel frees it if the process dies.

    Nothing is left of it, so whoever waited may hold a file that is no longer there, and tries
    again.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with path.open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not _is_still(path, file.fileno()):
                continue
            try:
                yield
            finally:
                path.unlink()
            return
