"""perf_analyzer: brought without root, or one that is there already.

The last wheel of ``tritonclient`` that carries it is of 2024 and runs from glibc 2.34 on.
Later ones are wheels of their own (``perf-analyzer``), which want glibc 2.38.  Two of the
libraries that it is linked with come with the embedded Triton, under longer names.
"""

import os
import shutil
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from adapter.embedded.backend import assemble
from pipeline.settings import Settings
from pipeline.weights.bundled import download_wheels
from pipeline.weights.cache import fetched_once
from pipeline.weights.catalog import Wheel

WHEEL = Wheel(
    "tritonclient",
    "2.48.0",
    14,
    sha256="7074885798e8a711fedaf94d6dd77f310973fe2ebf29fb2837db350a43e2d6a5",
)
NAME = "perf_analyzer"
PACKED = f"tritonclient-{WHEEL.version}.data/data/bin/{NAME}"
# By the names that it asks for, and by those that they have in Triton's wheel.
LIBRARIES = {"libb64.so.0d": "libb64-*.so.0d", "libcudart.so.12": "libcudart-*.so.12*"}
START_SECONDS = 30


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
    folder = settings.cache_dir / f"perf-analyzer-{WHEEL.version}"
    fetched_once(folder, partial(_fetch, libraries=libraries), _is_complete)
    return tool_at(folder / NAME, folder / "lib")


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


def _fetch(folder: Path, libraries: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".wheel-") as unpacked:
        wheel = download_wheels([WHEEL], Path(unpacked))[WHEEL]
        with zipfile.ZipFile(wheel) as archive:
            archive.extract(PACKED, unpacked)
        shutil.move(Path(unpacked, PACKED), folder / NAME)
    (folder / NAME).chmod(0o755)
    shutil.rmtree(folder / "lib", ignore_errors=True)
    (folder / "lib").mkdir()
    for name, pattern in LIBRARIES.items():
        (folder / "lib" / name).symlink_to(sorted(libraries.glob(pattern))[0])


def _is_complete(folder: Path) -> bool:
    return all((folder / name).is_file() for name in (NAME, *(f"lib/{name}" for name in LIBRARIES)))
