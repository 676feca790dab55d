"""perf_analyzer: brought without root, or one that is there already.

The newest is a wheel of its own, which wants glibc 2.38.  The last wheel of ``tritonclient`` that
carries one is of 2024 and runs from glibc 2.34 on; two of the libraries that it is linked with
come with the embedded Triton, under longer names.
"""

import logging
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from adapter.embedded.backend import assemble
from pipeline.errors import WeightsUnavailable
from pipeline.settings import Settings
from pipeline.weights.bundled import download_wheels
from pipeline.weights.cache import fetched_once
from pipeline.weights.catalog import Wheel

NAME = "perf_analyzer"
START_SECONDS = 30

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Packed:
    """One in a wheel of the package index."""

    wheel: Wheel
    path: str  # in the wheel
    glibc: tuple[int, int]  # that it wants at least
    # What Triton's wheel has of what it is linked with: by the names that it asks for, and by
    # those that they have there.
    libraries: Mapping[str, str] = field(default_factory=dict)


NEW = Packed(
    Wheel(
        "perf-analyzer",
        "2.60.0",
        7,
        sha256="23ef56b107ae9233e5cf09fbdf508dd9b936a52f1bae2f63f53c8117087b3f25",
    ),
    f"perf_analyzer/bin/{NAME}",
    glibc=(2, 38),
)
OLD = Packed(
    Wheel(
        "tritonclient",
        "2.48.0",
        14,
        sha256="7074885798e8a711fedaf94d6dd77f310973fe2ebf29fb2837db350a43e2d6a5",
    ),
    f"tritonclient-2.48.0.data/data/bin/{NAME}",
    glibc=(2, 34),
    libraries={"libb64.so.0d": "libb64-*.so.0d", "libcudart.so.12": "libcudart-*.so.12*"},
)


class ToolError(Exception):
    """perf_analyzer cannot be had, or does not run here."""


@dataclass(frozen=True)
class Tool:
    """The program, and the folder of what it is linked with; None where the system has that."""

    program: Path
    libraries: Path | None
    version: str

    def environment(self) -> dict[str, str]:
        """The variables it runs with: no key of ours, and no proxy between it and Triton."""
        variables = {"PATH": os.defpath, "LC_ALL": "C"}
        if self.libraries:
            variables["LD_LIBRARY_PATH"] = str(self.libraries)
        return variables


def bring(settings: Settings) -> Tool:
    """perf_analyzer in CACHE_DIR, fetched first if it is not there.

    Raises:
        WeightsUnavailable: a wheel cannot be downloaded, or is not the one that was pinned.
        InterpreterError: the embedded Triton, whose libraries it uses, is not for this machine.
        ToolError: it does not run on this system.
    """
    libraries = assemble(settings).libraries
    for packed in choices(glibc()):
        version = packed.wheel.version
        folder = settings.cache_dir / f"perf-analyzer-{version}"
        fetch = partial(_fetch, packed=packed, libraries=libraries)
        try:
            fetched_once(folder, fetch, partial(_is_complete, packed=packed))
            return replace(tool_at(folder / NAME, folder / "lib"), version=version)
        except (ToolError, WeightsUnavailable) as error:
            if packed is OLD:
                raise
            logger.warning("%s; an older one is tried", error)
    raise ToolError(f"no perf_analyzer is for a system with glibc {glibc()}")


def glibc() -> tuple[int, int]:
    """The version of this system's C library; 0.0 where it is another."""
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
        major, minor = version.split(".")[:2]
        return (int(major), int(minor)) if name == "glibc" else (0, 0)
    except ValueError:
        return (0, 0)


def choices(there: tuple[int, int]) -> list[Packed]:
    """Those that a system with this glibc may be able to run, the newest first."""
    return [packed for packed in (NEW, OLD) if packed.glibc <= there]


def tool_at(program: Path, libraries: Path | None = None) -> Tool:
    """The perf_analyzer at this path.

    Raises:
        ToolError: it does not tell its version.
    """
    found = Tool(program, libraries, "")
    try:
        told = subprocess.run(
            [program, "--version"],
            env=found.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=START_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolError(f"{program} does not run here: {error}") from None
    first = (told.stdout.strip() or told.stderr.strip()).partition("\n")[0]
    if told.returncode != 0:
        raise ToolError(f"{program} does not run here: {first or told.returncode}")
    version = first.removeprefix("Perf Analyzer Version").split() or ["of an unknown version"]
    return Tool(program, libraries, version[0])


def _fetch(folder: Path, packed: Packed, libraries: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".wheel-") as unpacked:
        wheel = download_wheels([packed.wheel], Path(unpacked))[packed.wheel]
        with zipfile.ZipFile(wheel) as archive:
            archive.extract(packed.path, unpacked)
        shutil.move(Path(unpacked, packed.path), folder / NAME)
    (folder / NAME).chmod(0o755)
    shutil.rmtree(folder / "lib", ignore_errors=True)
    (folder / "lib").mkdir()
    for name, pattern in packed.libraries.items():
        (folder / "lib" / name).symlink_to(sorted(libraries.glob(pattern))[0])


def _is_complete(folder: Path, packed: Packed) -> bool:
    libraries = (f"lib/{name}" for name in packed.libraries)
    return all((folder / name).is_file() for name in (NAME, *libraries))
