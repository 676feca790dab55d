"""A voice note that comes while a board meeting is being processed."""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.audio import recordings
from benchmarks.bench import Bench
from benchmarks.running.measure import Row, progress
from benchmarks.running.service import Service

MEETING = 3600.0
NOTES = 5  # posted during the meeting
PAUSES = (2.0, 6.0)  # seconds from one answer to the next note, evenly between these
WARM_SECONDS = 10.0  # of the meeting before the first note


def run(bench: Bench) -> None:
    """Add the rows of waiting times."""
    service = bench.service()
    call = recordings.phone_call(bench.work, MEETING)
    note = recordings.part(bench.work, recordings.sample(), *recordings.SPOKEN)
    service.post(note.path)
    idle = [service.post(note.path).seconds for _ in range(max(bench.rounds, 3))]
    usual = sorted(idle)[len(idle) // 2]
    progress("fairness: 10 s notes while 60 min are processed")
    waited = []
    pauses = np.random.default_rng(NOTES)  # not in step with the batches
    with _in_background(service, call.path) as meeting:
        for number in range(NOTES):
            time.sleep(pauses.uniform(*PAUSES) if number else WARM_SECONDS)
            seconds = service.post(note.path).seconds
            if number and meeting.poll() is not None:
                break  # a machine so fast that the meeting is over
            waited.append(seconds)
            progress(f"fairness: note {number + 1} of {NOTES} took {waited[-1]:.1f} s")
    bench.add(
        Row(
            "10 s during 60 min, times its idle time",
            [seconds / usual for seconds in waited],
            reach=5,
            better="less",
            seconds={"idle": idle, "meanwhile": waited},
            note="each value a note",
        )
    )


@contextlib.contextmanager
def _in_background(service: Service, path: Path) -> Iterator[subprocess.Popen]:
    """Post a recording, go on when its first chunks are with Whisper, and hang up in the end."""
    before, _ = service.executions("whisper")
    with service.posting(path) as client:
        while service.executions("whisper")[0] == before and client.poll() is None:
            time.sleep(0.5)
        yield client
        client.kill()
