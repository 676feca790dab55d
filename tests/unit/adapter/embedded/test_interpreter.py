"""Which Pythons run Triton's models, and what is said to the others."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from adapter.embedded import interpreter
from adapter.embedded.interpreter import InterpreterError, check_interpreter, link_libpython


def test_this_python_will_do():
    check_interpreter()
    command = [sys.executable, "-I", interpreter.__file__]
    assert subprocess.run(command, capture_output=True).returncode == 0


def test_a_python_without_shared_library_is_told_what_to_install(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(sysconfig, "get_config_var", {"LIBDIR": str(tmp_path)}.get)
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path))
    monkeypatch.setattr(sys, "version_info", (3, 11, 0))
    with pytest.raises(InterpreterError, match=r"install Debian's package libpython3\.11, or"):
        check_interpreter()


@pytest.mark.parametrize("version", [(3, 9, 18), (3, 14, 0)])
def test_a_python_that_triton_has_no_stub_for_is_told_which_have(monkeypatch, version):
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(InterpreterError, match=r"Triton needs 3\.10 to 3\.13"):
        check_interpreter()


def test_the_shared_library_is_linked_by_the_name_that_the_stub_asks_for(
    monkeypatch, tmp_path: Path
):
    monkeypatch.setattr(sysconfig, "get_config_var", {"LIBDIR": str(tmp_path)}.get)
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    library = tmp_path / "libpython3.13.so.1.0"
    library.write_bytes(b"")
    for _ in range(2):
        link_libpython(tmp_path / "lib")
    assert {link.resolve() for link in (tmp_path / "lib").iterdir()} == {library}
    assert interpreter.RENAMED_LIBPYTHON["3.13"] in {
        link.name for link in (tmp_path / "lib").iterdir()
    }
