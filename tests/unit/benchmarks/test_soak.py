"""What a soak says has grown."""

import fcntl
import os
import time
from pathlib import Path

import pytest

from adapter.triton.engine import SWEEP_SECONDS
from benchmarks.soak import report
from benchmarks.soak.clients import _streamed
from benchmarks.soak.remains import Remains, _is_left, checks

MEGABYTE = 1 << 20


def remains(**changed: object) -> Remains:
    """Of a service with an adapter, Triton and one network."""
    roles = ("adapter", "tritonserver", "whisper")
    before = {
        "memory": dict.fromkeys(roles, 400 * MEGABYTE),
        "threads": dict.fromkeys(roles, 40),
        "files": dict.fromkeys(roles, 60),
        "shared": 100 * MEGABYTE,
    }
    return Remains(0.0, **{**before, **changed})


def more_of(role: str, amount: int, what: str) -> dict[str, dict[str, int]]:
    had = getattr(remains(), what)
    return {what: {**had, role: had[role] + amount}}


def grown(after: Remains, dead: int = 0) -> list[str]:
    return [check.what for check in checks(remains(), after, dead) if not check.holds]


def test_what_is_as_it_was_has_not_grown():
    assert grown(remains()) == []
    assert len(checks(remains(), remains(), 0)) == 3 * 3 + 6


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        (more_of("whisper", 120 * MEGABYTE, "memory"), "memory of whisper, MB"),
        (more_of("tritonserver", 20, "threads"), "threads of tritonserver"),
        (more_of("adapter", 20, "files"), "descriptors of adapter"),
        ({"shared": 130 * MEGABYTE}, "/dev/shm, MB"),
        ({"recordings": 1}, "recordings that nobody has"),
        ({"temporary": 1}, "temporary files"),
        ({"left": 4}, "recordings of jobs"),
        ({"regions": 1}, "regions that Triton has"),
        ({"zombies": 1}, "zombies"),
    ],
)
def test_what_has_grown_is_found(changed, what):
    assert grown(remains(**changed)) == [what]


def test_what_triton_keeps_of_the_dead_is_no_growth_for_so_many_dead():
    kept = {**more_of("tritonserver", 36, "threads"), "zombies": 2, "regions": 2}
    assert grown(remains(**kept), dead=2) == []
    found = ["threads of tritonserver", "regions that Triton has", "zombies"]
    assert grown(remains(**kept), dead=1) == found


def test_a_role_that_was_not_there_before_is_growth():
    new = remains(memory={**remains().memory, "ghost": 65 * MEGABYTE})
    assert grown(new) == ["memory of ghost, MB"]


def test_a_recording_is_left_over_that_is_old_and_locked_by_nobody(tmp_path: Path):
    path = tmp_path / "asr-recording-1"
    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        long_ago = time.time() - 3 * SWEEP_SECONDS
        os.utime(path, (long_ago, long_ago))
        assert not _is_left(path)
    assert _is_left(path)
    os.utime(path)
    assert not _is_left(path)


def test_the_report_has_every_look_and_every_death(tmp_path: Path):
    looks = [remains(), remains(zombies=1)]
    found = checks(remains(), remains(zombies=1), 0)
    report.write(tmp_path, looks, [(3.0, "tritonserver")], found, "2 looks")
    table = (tmp_path / "soak.md").read_text(encoding="utf-8")
    assert "| zombies | 0 | 1 | 0 | MORE |" in table
    header, *lines = (tmp_path / "soak.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2
    zombies = header.split(",").index("zombies")
    assert [line.split(",")[zombies] for line in lines] == ["0", "1"]
    drawn = (tmp_path / "soak.svg").read_text(encoding="utf-8")
    assert "tritonserver" in drawn
    assert "2 looks" in drawn


def test_the_text_of_a_stream_is_that_of_its_last_event():
    body = (
        'event: x\ndata: {"type": "transcript.text.delta", "delta": "Oh"}\n\n'
        'event: x\ndata: {"type": "transcript.text.done", "text": "Oh, hello."}\n\n'
    )
    assert _streamed(body) == "Oh, hello."
