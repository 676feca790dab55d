"""A voice note that comes while a board meeting is being processed."""

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import recordings
from benchmarks.bench import Bench
from benchmarks.measure import Row, progress
from benchmarks.service import Service

MEETING = 3600.0
NOTES = 6  # posted during the meeting
EVERY = 10.0  # seconds from one answer to the next note
WARM_SECONDS = 10.0  # of the meeting before the first note
SHORT_MEETING = 600.0  # the one that is waited for, with and without notes
NOTE_EVERY = 60.0  # seconds; far more notes than in the sentence above


def run(bench: Bench) -> None:
    """Add the rows of waiting times."""
    # The meeting is cut off in the middle; its service ends with it.
    service = bench.service()
    call = recordings.phone_call(bench.work, MEETING)
    note = recordings.part(bench.work, recordings.sample(), *recordings.SPOKEN)
    service.post(note.path)
    idle = [service.post(note.path).seconds for _ in range(max(bench.rounds, 3))]
    usual = sorted(idle)[len(idle) // 2]
    progress("fairness: 10 s notes while 60 min are processed")
    waited = []
    with _in_background(service, call.path) as meeting:
        for number in range(NOTES):
            time.sleep(WARM_SECONDS if number == 0 else EVERY)
            seconds = service.post(note.path).seconds
            if number and not meeting.is_alive():
                break  # a machine so fast that the meeting is over
            waited.append(seconds)
            progress(f"fairness: note {number + 1} of {NOTES} took {waited[-1]:.1f} s")
        bench.stop("service")
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
    _add_loss(bench, note)


def _add_loss(bench: Bench, note: recordings.Recording) -> None:
    """What notes cost the long recording, from its start to its end."""
    service = bench.service()
    length = MEETING if bench.full else SHORT_MEETING
    call = recordings.phone_call(bench.work, length)
    service.post(note.path)
    losses, alone, disturbed = [], [], []
    for number in range(bench.rounds if bench.full else 1):
        progress(f"fairness: {length / 60:.0f} min alone and with notes, round {number + 1}")
        alone.append(service.post(call.path).seconds)
        posted = threading.Event()
        notes = threading.Thread(target=_post_notes, args=(service, note.path, posted))
        notes.start()
        disturbed.append(service.post(call.path).seconds)
        posted.set()
        notes.join()
        losses.append(100 * (disturbed[-1] / alone[-1] - 1))
    bench.add(
        Row(
            f"what a {length / 60:.0f} min recording loses to a note a minute",
            losses,
            "%",
            reach=10,
            better="less",
            seconds={"alone": alone, "with notes": disturbed},
        )
    )


def _post_notes(service: Service, path: Path, stopped: threading.Event) -> None:
    while not stopped.wait(NOTE_EVERY / 2):
        service.post(path)
        if stopped.wait(NOTE_EVERY / 2):
            return


@contextlib.contextmanager
def _in_background(service: Service, path: Path) -> Iterator[threading.Thread]:
    """Post a recording and go on when its first chunks are with Whisper."""
    before, _ = service.executions("whisper")

    def post() -> None:
        # It is cut off when the service stops.
        with contextlib.suppress(Exception):
            service.post(path)

    thread = threading.Thread(target=post, daemon=True)
    thread.start()
    while service.executions("whisper")[0] == before and thread.is_alive():
        time.sleep(0.5)
    yield thread
    thread.join()
