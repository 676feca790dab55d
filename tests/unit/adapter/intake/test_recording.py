"""What killed adapters leave is taken away; what living ones use is not."""

import os
import subprocess
import sys
import time

from adapter.intake.recording import PREFIX, SHARED_MEMORY, Recording, sweep

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
