"""The files of a Triton server for this interpreter, out of the nvidia-pytriton wheel.

The wheel carries NVIDIA's ``tritonserver`` with its Python backend.  It is never
installed: its pinned dependencies do not go together with ours.
"""

import os
import platform
import shutil
import sys
import sysconfig
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from pipeline.settings import Settings
from pipeline.weights.bundled import download_wheel
from pipeline.weights.cache import fetched_once
from pipeline.weights.catalog import Wheel

TRITON_VERSION = "2.51.0"
PYTRITON = Wheel(
    "nvidia-pytriton",
    "0.7.0",
    53,
    sha256="21f063ff93bb426d0c06b7a55e7eb9efcfe62c0dddd9a908e9877e18710128df",
)
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
# The stub for 3.13 asks for the wheel's own copy of libpython by this name.
RENAMED_LIBPYTHON = {"3.13": "libpython3-419a3a08.13.so.1.0"}

SERVER = "pytriton/tritonserver"
SHARED_FILES = ("libtriton_python.so", "triton_python_backend_utils.py")
STUB = "triton_python_backend_stub"


class BackendError(Exception):
    """This machine or interpreter cannot run the embedded Triton; says what would do."""


@dataclass(frozen=True)
class Backend:
    """Where the parts of the server lie."""

    server: Path  # the executable
    backends: Path  # holds the directory ``python``
    libraries: Path  # what server, backend and stub are linked with


def assemble(settings: Settings) -> Backend:
    """Return the server's files under CACHE_DIR, fetching them first if they are not there.

    Raises:
        BackendError: the server does not run on this machine.
        WeightsUnavailable: the wheel cannot be downloaded.
    """
    python = python_version()
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise BackendError(
            f"the embedded Triton runs on x86_64 Linux, not on {platform.machine()} "
            f"{platform.system()}; use docker compose"
        )
    if python not in PYTHONS:
        raise BackendError(f"Triton runs models in Python {', '.join(PYTHONS)}, not in {python}")
    root = fetched_once(settings.cache_dir / f"triton-{TRITON_VERSION}", _fetch)
    return Backend(root / "bin/tritonserver", root / "backends" / python, root / "lib")


def link_libpython(folder: Path) -> None:
    """Link the interpreter's shared library into ``folder`` by the name that the stub asks for.

    Raises:
        BackendError: the interpreter has none.
    """
    python = python_version()
    library = find_libpython()
    if library is None:
        if python in RENAMED_LIBPYTHON:
            return  # the wheel's own copy serves
        raise BackendError(
            f"{sys.executable} has no shared libpython{python}.so.1.0, which Triton needs: install "
            f"Debian's package libpython{python}, or make the environment with a Python that was "
            "built with --enable-shared (PYTHON=… make serve)"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name in {library.name, RENAMED_LIBPYTHON.get(python, library.name)}:
        link = folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(library)


def find_libpython() -> Path | None:
    """The shared library of the running interpreter, or None if it has none."""
    name = f"libpython{python_version()}.so.1.0"
    libraries = Path(sysconfig.get_config_var("LIBDIR") or "/usr/lib")
    folders = (
        libraries,
        libraries / (sysconfig.get_config_var("MULTIARCH") or ""),
        Path(sys.base_prefix, "lib"),  # where a relocated build has it
    )
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


def python_version() -> str:
    """The running interpreter's version as in ``3.11``."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _fetch(folder: Path) -> None:
    shutil.rmtree(folder)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".wheel-") as unpacked:
        wheel = download_wheel(PYTRITON, Path(unpacked))
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(unpacked)
        server = Path(unpacked, SERVER)
        _move(server / "bin/tritonserver", folder / "bin/tritonserver", executable=True)
        shutil.move(Path(unpacked, "nvidia_pytriton.libs"), folder / "lib")
        for name in SHARED_FILES:
            _move(server / "backends/python" / name, folder / "backends" / name)
        for python in PYTHONS:
            backend = folder / "backends" / python / "python"
            _move(server / "python_backend_stubs" / python / STUB, backend / STUB, executable=True)
            for name in SHARED_FILES:
                (backend / name).symlink_to(Path("..", "..", name))


def _move(source: Path, target: Path, executable: bool = False) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(source, target)
    os.chmod(target, 0o755 if executable else 0o644)
