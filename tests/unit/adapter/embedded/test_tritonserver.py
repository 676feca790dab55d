"""What a killed Triton leaves is given back by the next one."""

import os
import subprocess

from adapter.embedded.tritonserver import UNUSED_SECONDS, sweep
from adapter.triton.secret import find, publish

UUID = "12345678-1234-4abc-8def-0123456789ab"


def test_the_memory_of_the_dead_is_given_back_and_no_other(tmp_path):
    gone = subprocess.Popen(["true"])
    gone.wait()
    kept = {
        f"triton-asr-{os.getpid()}-8000-{UUID}",
        f"triton-asr-{UUID}",  # a container's, whose processes are not seen here
        f"asr-recording-{gone.pid}-8000-{UUID}",
    }
    for name in {*kept, f"triton-asr-{gone.pid}-8000-{UUID}"}:
        (tmp_path / name).touch()
    sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == kept


def test_a_secret_that_no_server_asks_for_is_taken_away_unless_one_is_just_starting(tmp_path):
    publish(8001, folder=tmp_path)
    sweep(tmp_path)
    assert find(8001, tmp_path)
    (path,) = tmp_path.iterdir()
    long_ago = path.stat().st_mtime - UNUSED_SECONDS
    os.utime(path, (long_ago, long_ago))
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []
