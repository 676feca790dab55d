"""What killed adapters leave is taken away; what living ones use is not."""

import contextlib
import os
import subprocess
import sys
import time

import pytest

from adapter.intake import recording as recordings
from adapter.intake.recording import PREFIX, SHARED_MEMORY, Recording, sweep
from pipeline.errors import Overloaded

LEAVER = """
import os, signal
from adapter.intake.recording import Recording
recording = Recording(shared=True)
os.write(recording.fd, bytes(1000))
print(recording.key, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def age(path) -> None:
    """Make a file as old as one that nobody can be about to lock."""
    os.utime(path, (time.time() - 3600,) * 2)


def test_a_killed_adapters_recording_is_swept_and_a_living_ones_is_not():
    left = subprocess.run([sys.executable, "-c", LEAVER], capture_output=True, text=True)
    path = SHARED_MEMORY / left.stdout.strip()
    assert path.name.startswith(PREFIX)
    assert path.exists()
    age(path)
    with Recording(shared=True) as recording:
        mine = SHARED_MEMORY / recording.key
        age(mine)
        sweep()
        assert mine.exists()
    assert not path.exists()


def test_a_recording_that_has_just_been_made_is_left_alone(tmp_path):
    fresh = tmp_path / f"{PREFIX}fresh"
    fresh.touch()
    stale = tmp_path / f"{PREFIX}stale"
    stale.touch()
    age(stale)
    sweep(tmp_path)
    assert (fresh.exists(), stale.exists()) == (True, False)


@pytest.fixture
def shared_memory(tmp_path, monkeypatch):
    """1000 bytes of shared memory, with nothing else in it; what is free there."""

    def free_bytes(fd: int) -> int:
        return 1000 - sum(path.stat().st_size for path in tmp_path.iterdir())

    monkeypatch.setattr(recordings, "SHARED_MEMORY", tmp_path)
    monkeypatch.setattr(recordings, "free_bytes", free_bytes)
    return lambda: free_bytes(0)


def test_what_is_promised_to_one_is_not_promised_to_another(shared_memory):
    with Recording(shared=True) as first, Recording(shared=True) as second:
        assert first.promise(10_000, 0) == 200
        assert second.promise(10_000, 0) == (1000 - 200) // 5
        with Recording(shared=True) as third:
            assert third.promise(100, 0) == 100
        os.write(first.fd, bytes(150))
        # Written or still to be written, it is the first one's.
        assert second.room(0) == (1000 - 200) // 5
    with Recording(shared=True) as later:
        assert later.room(0) == 200


def test_once_it_is_written_there_is_room_for_its_copies_until_it_goes(shared_memory):
    with Recording(shared=True) as later:
        with Recording(shared=True) as first:
            first.promise(10_000, 0)
            os.write(first.fd, bytes(100))
            first.settle()
            assert later.room(0) == (1000 - 5 * 100) // 5
        assert later.room(0) == 200


def test_a_recording_whose_copies_have_no_room_is_refused(shared_memory):
    with Recording(shared=True) as first, Recording(shared=True) as second:
        for each in (first, second):
            each.promise(10_000, 0)
            os.write(each.fd, bytes(160))
        first.settle()
        with pytest.raises(Overloaded, match="no room"):
            second.settle()


def test_however_many_write_all_that_they_are_promised_it_is_not_filled(shared_memory):
    with contextlib.ExitStack() as kept:
        for _ in range(10):
            each = kept.enter_context(Recording(shared=True))
            os.write(each.fd, bytes(each.promise(10_000, 0)))
        assert shared_memory() > 0


def test_a_disk_has_room_for_all_but_its_reserve(monkeypatch):
    monkeypatch.setattr(recordings, "free_bytes", lambda fd: 1000)
    with Recording(shared=False) as first, Recording(shared=False) as second:
        assert first.promise(10_000, 300) == second.promise(10_000, 300) == 700
        assert second.promise(10, 300) == 10
        assert second.promise(10, 3000) == 0
        first.settle()
