"""Whether a Python interpreter can run Triton's models.

``python -m adapter.embedded.interpreter`` says so in one sentence.  The standard
library only: ``make`` runs this before anything is installed, with any Python 3.
"""

import platform
import sys
import sysconfig
from pathlib import Path

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
# The stub for 3.13 asks for the wheel's own copy of libpython by this name.
RENAMED_LIBPYTHON = {"3.13": "libpython3-419a3a08.13.so.1.0"}


class InterpreterError(Exception):
    """This machine or interpreter cannot run the embedded Triton; says what would do."""


def check_interpreter() -> None:
    """See that Triton's Python backend has a stub for this interpreter and can link with it.

    Raises:
        InterpreterError: it has none, or cannot.
    """
    python = python_version()
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise InterpreterError(
            f"the embedded Triton runs on x86_64 Linux, not on {platform.machine()} "
            f"{platform.system()}; use docker compose"
        )
    if python not in PYTHONS:
        raise InterpreterError(
            f"{sys.executable} is Python {python}, and Triton needs {PYTHONS[0]} to {PYTHONS[-1]}; "
            "name one, as in «make serve PYTHON=python3.11»"
        )
    if find_libpython() is None and python not in RENAMED_LIBPYTHON:
        raise InterpreterError(
            f"{sys.executable} has no shared libpython{python}.so.1.0, which Triton needs; install "
            f"Debian's package libpython{python}, or name a Python that was built with "
            "--enable-shared, as in «make serve PYTHON=/opt/python/bin/python3»"
        )


def link_libpython(folder: Path) -> None:
    """Link the interpreter's shared library into ``folder`` by the name that the stub asks for.

    Where there is none, but one comes with Triton, that one serves.
    """
    library = find_libpython()
    if library is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name in {library.name, RENAMED_LIBPYTHON.get(python_version(), library.name)}:
        link = folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(library)


def find_libpython() -> "Path | None":
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
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


if __name__ == "__main__":
    try:
        check_interpreter()
    except InterpreterError as error:
        sys.exit(f"{error}")
