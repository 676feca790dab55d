"""Programs of Debian's packages, unpacked into the cache: no root, nothing installed."""

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pipeline.settings import current_settings
from pipeline.weights.cache import fetched_once

APT_SECONDS = 300  # for one command
URI = re.compile(r"^'[^']+' (?P<name>[^_]+)_\S+ \d+ ", re.MULTILINE)


class PackageUnavailable(Exception):  # noqa: N818 - what is the matter with it
    """Debian's packages cannot be had, or not this one."""


def unpacked(*packages: str) -> Path:
    """The folder that holds ``packages`` and what of their dependencies the system lacks.

    Its layout is the system's (``usr/bin/…``); no script of a package has run. Programs that
    need unpacked libraries find them with :func:`environment_of`.

    Raises:
        PackageUnavailable: apt does not know one, or cannot download it in time.
    """
    shelf = current_settings().cache_dir / "debian"
    shelf.mkdir(parents=True, exist_ok=True)
    return fetched_once(shelf / "+".join(packages), lambda folder: _unpack(packages, folder))


def environment_of(folder: Path) -> dict[str, str]:
    """This process's variables, with the programs and libraries of ``folder`` in reach."""
    libraries = (folder / "usr/lib/x86_64-linux-gnu", folder / "lib/x86_64-linux-gnu")
    return {
        **os.environ,
        "PATH": f"{folder / 'usr/bin'}:{folder / 'usr/sbin'}:{os.environ['PATH']}",
        "LD_LIBRARY_PATH": ":".join(map(str, libraries)),
    }


def _unpack(packages: Sequence[str], folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".debs-") as name:
        downloads = Path(name)
        downloads.chmod(0o755)  # apt fetches as a user of its own where root asks
        options = _lists(packages[0], downloads)
        wanted = ("install", "--print-uris", "--yes", "--no-install-recommends")
        listed = _apt(downloads, *options, *wanted, *packages)
        needed = sorted({*packages, *(found["name"] for found in URI.finditer(listed))})
        _apt(downloads, *options, "download", *needed)
        for archive in downloads.glob("*.deb"):
            subprocess.run(["dpkg", "-x", archive, folder], check=True, timeout=APT_SECONDS)


def _lists(package: str, scratch: Path) -> list[str]:
    """Options that let apt know of ``package``: fresh lists of our own, if it has none."""
    (scratch / "archives/partial").mkdir(parents=True)
    # What lies in the system's archives already would not be named among what is needed.
    archives = f"Dir::Cache::archives={scratch / 'archives'}"
    unlocked = ["-o", "Debug::NoLocking=true", "-o", archives]
    try:
        _apt(scratch, *unlocked, "download", "--print-uris", package)
        return unlocked
    except PackageUnavailable:
        pass  # as in an image whose lists were removed
    (scratch / "lists/partial").mkdir(parents=True)
    own = [
        *unlocked,
        *("-o", f"Dir::State::lists={scratch / 'lists'}"),
        *("-o", f"Dir::Cache={scratch}"),
        *("-o", "APT::Sandbox::User="),
    ]
    _apt(scratch, *own, "update")
    return own


def _apt(folder: Path, *arguments: str) -> str:
    try:
        outcome = subprocess.run(
            ["apt-get", "--quiet", *arguments],
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=APT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PackageUnavailable(f"apt-get {arguments[-1]}: {error}") from error
    if outcome.returncode != 0:
        raise PackageUnavailable(f"apt-get {arguments[-1]}: {outcome.stderr.strip()}")
    return outcome.stdout
