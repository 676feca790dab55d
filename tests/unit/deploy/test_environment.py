"""An environment is made once, anew when it has to be, and never under somebody who uses it."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from deploy import environment, installer
from deploy.choice import Choice
from deploy.environment import EnvironmentInUse, ensure
from deploy.installer import InstallationFailed, install, uv_variables

CPU, CUDA = Choice("cpu", "for a CPU"), Choice("cuda", "for CUDA")
# Builds an editable wheel, as setuptools does, and has to be installed no more than that.
BACKEND = """
import zipfile
from pathlib import Path

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "itself-1.0-py3-none-any.whl"
    with zipfile.ZipFile(Path(folder, name), "w") as wheel:
        wheel.writestr("itself.pth", str(Path.cwd()))
        about = "itself-1.0.dist-info/"
        wheel.writestr(about + "METADATA", "Metadata-Version: 2.1\\nName: itself\\nVersion: 1.0\\n")
        wheel.writestr(about + "WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
        wheel.writestr(about + "RECORD", "")
    return name
"""


@pytest.fixture
def made(monkeypatch) -> list[str]:
    """The locks that environments were made from, instead of making them."""
    locks: list[str] = []
    monkeypatch.setattr(environment, "make", lambda folder, lock, choice: locks.append(lock.stem))
    return locks


def test_it_is_made_once(made, tmp_path: Path):
    for _ in range(2):
        os.close(ensure(tmp_path / "venv", CPU))
    assert made == ["cpu"]


def test_another_lock_or_interpreter_makes_it_anew(made, tmp_path: Path, monkeypatch):
    os.close(ensure(tmp_path / "venv", CPU))
    os.close(ensure(tmp_path / "venv", CUDA))
    monkeypatch.setattr(sys, "version_info", (3, 12, 99))
    os.close(ensure(tmp_path / "venv", CUDA))
    assert made == ["cpu", "cuda", "cuda"]


def test_one_that_was_not_finished_is_made_anew(made, tmp_path: Path, monkeypatch):
    def fail(*_: object) -> None:
        raise InstallationFailed("no network")

    with monkeypatch.context() as broken:
        broken.setattr(environment, "make", fail)
        with pytest.raises(InstallationFailed):
            ensure(tmp_path / "venv", CPU)
    os.close(ensure(tmp_path / "venv", CPU))
    assert made == ["cpu"]


def test_a_running_service_keeps_its_environment(made, tmp_path: Path):
    service = ensure(tmp_path / "venv", CPU)
    second = ensure(tmp_path / "venv", CPU)
    with pytest.raises(EnvironmentInUse, match="anew for CUDA; end what runs in it first"):
        ensure(tmp_path / "venv", CUDA)
    os.close(service)
    with pytest.raises(EnvironmentInUse):
        ensure(tmp_path / "venv", CUDA)
    os.close(second)
    os.close(ensure(tmp_path / "venv", CUDA))
    assert made == ["cpu", "cuda"]


def test_what_it_becomes_goes_on_holding_it(made, tmp_path: Path):
    holder = ensure(tmp_path / "venv", CPU)
    sleeper = subprocess.Popen(["sleep", "60"], pass_fds=[holder])
    try:
        os.close(holder)
        with pytest.raises(EnvironmentInUse):
            ensure(tmp_path / "venv", CUDA)
    finally:
        sleeper.kill()
        sleeper.wait()


def wheel(folder: Path, name: str) -> str:
    """Make a wheel with one module; the line that pins it."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", "")
        about = f"{name}-1.0.dist-info/"
        archive.writestr(about + "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(about + "WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(about + "RECORD", "")
    return f"{name}==1.0 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch) -> Path:
    """An empty environment, a project beside it, and an index of the test's own without uv."""
    for folder in ("index", "project"):
        (tmp_path / folder).mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    (tmp_path / "project" / "backend.py").write_text(BACKEND, encoding="utf-8")
    (tmp_path / "project" / "itself.py").write_text("", encoding="utf-8")
    (tmp_path / "project" / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        encoding="utf-8",
    )
    (tmp_path / "uv.lock").write_text(f"uv==1.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    venv.create(tmp_path / "venv", symlinks=True)
    return tmp_path


def install_in(place: Path) -> list[str]:
    """Install the place's lock and project; what was said meanwhile."""
    said: list[str] = []
    python = place / "venv/bin/python"
    install(python, place / "lock", place / "uv.lock", place / "project", said.append)
    return said


def test_where_uv_cannot_be_had_pip_installs(place):
    (place / "lock").write_text(wheel(place / "index", "something"), encoding="utf-8")
    said = install_in(place)
    assert any("uv cannot be had" in line for line in said)
    program = "import something, itself; print(itself.__file__)"
    done = subprocess.run([place / "venv/bin/python", "-c", program], capture_output=True)
    assert done.stdout.strip() == os.fsencode(place / "project" / "itself.py")


def test_a_package_that_is_not_the_pinned_one_is_refused(place):
    pinned = wheel(place / "index", "something")
    (place / "lock").write_text(pinned[:-65] + "0" * 64 + "\n", encoding="utf-8")
    with pytest.raises(InstallationFailed, match="what lock pins"):
        install_in(place)


def test_a_package_that_would_run_code_of_its_own_is_refused(place, monkeypatch):
    backend = f"open({str(place / 'ran')!r}, 'w').close()\n"
    (place / "something").mkdir()
    (place / "something/backend.py").write_text(backend, encoding="utf-8")
    shutil.copy(place / "project/pyproject.toml", place / "something")
    source = place / "index/something-1.0.tar.gz"
    with tarfile.open(source, "w:gz") as archive:
        archive.add(place / "something", "something-1.0")
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    (place / "lock").write_text(f"something==1.0 --hash=sha256:{digest}\n", encoding="utf-8")
    # uv is asked first, and then pip.
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(place / "index"))
    uv = [sys.executable, "-m", "uv", "pip"]
    monkeypatch.setattr(installer, "fetch_uv", lambda *_: uv)
    with pytest.raises(InstallationFailed, match="what lock pins"):
        install_in(place)
    assert not (place / "ran").exists()


@pytest.mark.parametrize("variable", ["UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_uv_looks_where_pip_is_told_to_unless_it_is_told_itself(monkeypatch, variable):
    monkeypatch.setattr(installer, "find_spec", lambda name: name)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://mirror.example/simple")
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    assert uv_variables()["UV_DEFAULT_INDEX"] == "http://mirror.example/simple"
    monkeypatch.setenv(variable, "http://other.example/simple")
    assert "UV_DEFAULT_INDEX" not in uv_variables()
