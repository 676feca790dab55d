"""Work in a process of its own: its answer, its limits, and what becomes of it."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import children
from tests.services.processes import arguments
from tests.waiting import until

PROGRAM = "tests.services.child"


class Enough(Exception):  # noqa: N818
    """What whoever looks has seen."""


def test_what_it_says_and_how_it_ends():
    assert children.run(PROGRAM, "say", "größer", seconds=30) == (0, "größer")
    assert children.run(PROGRAM, "fail", seconds=30) == (1, "")


def test_a_crash_is_told_and_harms_nobody():
    assert children.run(PROGRAM, "crash", seconds=30) == (-8, "")  # SIGFPE


def test_one_that_takes_too_long_is_ended(tmp_path: Path):
    with pytest.raises(children.TookTooLong):
        children.run(PROGRAM, "wait", str(tmp_path / "pid"), seconds=2)
    assert ended(tmp_path / "pid")


def test_whoever_looks_can_end_it(tmp_path: Path):
    def look() -> None:
        if (tmp_path / "pid").exists():
            raise Enough

    with pytest.raises(Enough):
        children.run(PROGRAM, "wait", str(tmp_path / "pid"), seconds=30, look=look)
    assert ended(tmp_path / "pid")


def test_it_ends_with_its_parent(tmp_path: Path):
    pid = tmp_path / "pid"
    program = f"""
from pipeline import children
children.run({PROGRAM!r}, "wait", {str(pid)!r}, seconds=60)
"""
    with subprocess.Popen([sys.executable, "-c", program], cwd=children.ROOT) as parent:
        until(pid.exists)
        assert not ended(pid)
        parent.kill()
    until(lambda: ended(pid))


def test_no_file_grows_beyond_its_limit(tmp_path: Path):
    large = tmp_path / "large"
    status, told = children.run(PROGRAM, "fill", str(large), "100000", seconds=30)
    assert (status, told) == (1, "File too large")
    assert large.stat().st_size == 100_000


def ended(pid: Path) -> bool:
    return arguments(int(pid.read_text(encoding="utf-8"))) == []
