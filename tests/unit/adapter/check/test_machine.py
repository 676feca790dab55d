"""What is said of cards, and of the libraries that a process has opened."""

import os
import shutil
import site
import subprocess
import sys
from pathlib import Path

import pytest

from adapter.check import machine
from pipeline import hardware
from pipeline.hardware import Survey
from pipeline.settings import Settings
from tests.cards.table import card


class Target:
    """What is asked of a service here."""

    device = "cuda"

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def processes(self) -> dict[str, dict[str, int]]:
        """One leaf."""
        return {"whisper": {"whisper_0_0": self._pid}}


def states(survey: Survey, monkeypatch, **settings: object) -> list[tuple[str, str]]:
    monkeypatch.setattr(hardware, "survey", lambda: survey)
    lines = machine.cards(Settings(_env_file=None, **settings))
    return [(line.state, line.told) for line in lines]


def test_cards_that_serve_pass_and_others_are_left_out_beside_them(monkeypatch):
    survey = Survey((card("RTX 3090"),), (("GT 710", "it is old"),))
    (serves, told), (other, why) = states(survey, monkeypatch, device="auto")
    assert (serves, other) == ("passed", "left out")
    assert "RTX 3090" in told
    assert "23.6 of 24.0 GB free" in told
    assert why == "GT 710: it is old (another one serves)"


def test_a_machine_whose_cards_cannot_serve_does_not_pass(monkeypatch):
    survey = Survey(left_out=(("GT 710", "it is old"),))
    assert [state for state, _ in states(survey, monkeypatch)] == ["failed"]
    survey = Survey(fault="CUDA cannot be initialised: error 999")
    assert states(survey, monkeypatch) == [("failed", "CUDA cannot be initialised: error 999")]


def test_a_machine_without_a_card_has_a_cpu(monkeypatch):
    ((state, told),) = states(Survey(), monkeypatch, cores=3)
    assert state == "left out"
    assert told == "no driver reports a card; the CPU serves with 3 cores"


@pytest.fixture
def process(tmp_path):
    """A process that has opened copies of a library by the names that it is given."""
    started = []

    def start(*files: Path) -> Target:
        source = next(Path(site.getsitepackages()[0], "nvidia/nvtx/lib").glob("*.so*"))
        for file in files:
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, file)
        program = (
            "import ctypes, sys\n"
            "kept = [ctypes.CDLL(file) for file in sys.argv[1:]]\n"
            "print('opened', flush=True)\n"
            "sys.stdin.read()\n"
        )
        child = subprocess.Popen(
            [sys.executable, "-c", program, *map(str, files)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        started.append(child)
        assert child.stdout.readline() == b"opened\n"
        return Target(child.pid)

    yield start
    for child in started:
        child.communicate()


def test_one_runtime_of_the_environment_passes(process, tmp_path, monkeypatch):
    target = process(tmp_path / "nvidia/libcudart.so.12")
    monkeypatch.setattr(machine.site, "getsitepackages", lambda: [str(tmp_path)])
    (line,) = machine.libraries(target)
    assert line.state == "passed"
    assert line.figures["opened"]["whisper_0_0"] == [
        os.path.realpath(tmp_path / "nvidia/libcudart.so.12")
    ]


def test_two_runtimes_or_one_from_elsewhere_do_not_pass(process, tmp_path):
    (line,) = machine.libraries(
        process(tmp_path / "a/libcudart.so.12", tmp_path / "b/libcudart-0952.so.12.6.77")
    )
    assert line.state == "failed"
    assert "a/libcudart.so.12 and " in line.told
    (line,) = machine.libraries(process(tmp_path / "c/libcublas.so.12"))
    assert line.state == "failed"
    assert "c/libcublas.so.12, which is not of this environment" in line.told
