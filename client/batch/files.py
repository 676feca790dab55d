"""Which recordings are meant, and where their transcripts go."""

import hashlib
import os
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

# What is taken for a recording where a folder is named; a file that is named itself may be any.
SUFFIXES = frozenset(
    ".3gp .aac .ac3 .aif .aiff .amr .ape .au .avi .caf .flac .flv .m4a .m4b .m4v .mka .mkv .mov "
    ".mp2 .mp3 .mp4 .mpeg .mpg .mts .oga .ogg .ogv .opus .ts .wav .weba .webm .wma .wmv".split()
)
HASH_BYTES = 1 << 20


@dataclass(frozen=True)
class Found:
    """A recording, and the name of its transcripts below the folder for them, without a suffix."""

    path: Path
    base: Path
    given: str = ""  # where it comes from, if that is not its path

    @property
    def name(self) -> str:
        """What it is called."""
        return self.base.name

    @property
    def source(self) -> str:
        """Where it comes from, as it is remembered."""
        return self.given or str(self.path.resolve())


def find(paths: Iterable[Path]) -> Iterator[Found]:
    """The recordings in files and folders, each once, those of a folder in order of their names.

    Raises:
        OSError: a file or a folder is not there.
    """
    seen: set[Path] = set()
    for path in paths:
        for found in _below(path) if path.is_dir() else [Found(path, Path(path.name))]:
            real = found.path.resolve(strict=True)
            if real not in seen:
                seen.add(real)
                yield found


def _below(folder: Path) -> Iterator[Found]:
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(here, name)
            if path.suffix.lower() in SUFFIXES and not name.startswith(".") and path.is_file():
                yield Found(path, path.relative_to(folder))


def content_hash(path: Path) -> str:
    """SHA-256 of a file, read in blocks.

    Raises:
        OSError: it cannot be read.
    """
    sha = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(HASH_BYTES):
            sha.update(block)
    return sha.hexdigest()


def candidates(base: Path) -> Iterator[Path]:
    """Names for a recording's transcripts, the best one first: ``talk``, ``talk.wav``, …"""
    yield base.with_suffix("")
    yield base
    number = 2
    while True:
        yield base.with_name(f"{base.name} ({number})")
        number += 1


def target(base: Path, kind: str) -> Path:
    """A name with the suffix of a format; ``a.b`` becomes ``a.b.txt``."""
    return base.with_name(f"{base.name}.{kind}")


def write(path: Path, content: str | bytes) -> None:
    """Write a file that is there as a whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".asr-{uuid.uuid4().hex}.part")
    try:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
