"""What an earlier load has left behind is ended, and nobody else's process."""

import os
import subprocess
import sys
import time
from pathlib import Path

from pipeline.predecessors import STUB, end_predecessors

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys, time
from pipeline.predecessors import end_predecessors
if sys.argv[1] == "new":
    print(end_predecessors())
else:
    print("ready", flush=True)
    time.sleep(60)
"""


def test_only_a_process_for_the_same_instance_ends(tmp_path):
    stub, program = tmp_path / STUB, tmp_path / "model.py"
    stub.symlink_to(sys.executable)
    program.write_text(PROGRAM, encoding="utf-8")

    def start(region: str, instance: str) -> subprocess.Popen:
        command = [stub, program, region, instance]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    left, other = start("old", "whisper_0_0"), start("another", "whisper_0_1")
    try:
        for process in (left, other):
            assert process.stdout.readline() == "ready\n"
        new = start("new", "whisper_0_0")
        assert new.communicate(timeout=60)[0] == "1\n"
        assert left.wait(10) == -9
        time.sleep(0.2)
        assert other.poll() is None
    finally:
        left.kill()
        other.kill()


def test_a_process_that_is_no_models_ends_nobody():
    assert end_predecessors() == 0
