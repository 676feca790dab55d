"""The files of a Triton server for this interpreter, out of the nvidia-pytriton wheel.

The wheel carries NVIDIA's ``tritonserver`` with its Python backend.  It is never
installed: its pinned dependencies do not go together with ours.

``python -m adapter.embedded.backend FOLDER`` lays the files out in a new folder, for an
image that has them.
"""

import os
import shutil
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from adapter.embedded.interpreter import PYTHONS, check_interpreter, python_version
from pipeline.settings import Settings
from pipeline.weights.bundled import download_wheels
from pipeline.weights.cache import fetched_once
from pipeline.weights.catalog import Wheel

TRITON_VERSION = "2.51.0"
PYTRITON = Wheel(
    "nvidia-pytriton",
    "0.7.0",
    53,
    sha256="21f063ff93bb426d0c06b7a55e7eb9efcfe62c0dddd9a908e9877e18710128df",
)

IMAGE = Path("/opt/triton")  # where Dockerfile.triton lays it out
SERVER = "pytriton/tritonserver"
SHARED_FILES = ("libtriton_python.so", "triton_python_backend_utils.py")
STUB = "triton_python_backend_stub"


@dataclass(frozen=True)
class Backend:
    """Where the parts of the server lie."""

    server: Path  # the executable
    backends: Path  # holds the directory ``python``
    libraries: Path  # what server, backend and stub are linked with


def assemble(settings: Settings) -> Backend:
    """Return the server's files: those of our image, else under CACHE_DIR, fetched if need be.

    Raises:
        InterpreterError: the server does not run on this machine or with this interpreter.
        WeightsUnavailable: the wheel cannot be downloaded.
    """
    check_interpreter()
    if IMAGE.is_dir():
        return laid_out(IMAGE)
    return laid_out(fetched_once(settings.cache_dir / f"triton-{TRITON_VERSION}", _fetch))


def laid_out(folder: Path) -> Backend:
    """The server whose files lie in ``folder``, with the backend for this interpreter."""
    return Backend(
        folder / "bin/tritonserver", folder / "backends" / python_version(), folder / "lib"
    )


def _fetch(folder: Path) -> None:
    shutil.rmtree(folder)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".wheel-") as unpacked:
        wheel = download_wheels([PYTRITON], Path(unpacked))[PYTRITON]
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


if __name__ == "__main__":
    fetched_once(Path(sys.argv[1]), _fetch)
