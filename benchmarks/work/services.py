"""``python -m benchmarks.work.services [BEFORE [AFTER]]``: the whole service of two commits.

Both are started, and take turns: while one works the other one waits for nothing but requests.
"""

import argparse
import contextlib
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import httpx
import imageio_ffmpeg
import numpy as np

from benchmarks.audio import recordings
from benchmarks.running.measure import alternate, progress, ratios
from benchmarks.running.processes import MEGABYTE, Peak, proportional
from benchmarks.running.service import Service
from benchmarks.scoring.repeats import looped
from benchmarks.work.__main__ import BEFORE, HERE, code_of
from benchmarks.work.processor import PROCESSORS, variables
from pipeline.settings import read_settings
from tests.speech.scoring import normalise

MINUTES = 60.0  # seconds
AT_ONCE = 8
NOTES = 5  # in each round, while an hour is processed
PAUSES = (2.0, 6.0)  # seconds from one answer to the next note, evenly between these
SETTLING = 10.0  # seconds of the hour before the first note
PATIENCE = 7200.0  # seconds
HOUR = (
    ("", "s"),
    (": memory of all processes", "MB"),
    (": said", "words"),
    (": in loops", "words"),
)
WORKS = ("text", "speakers", "eight", "ten", "first", "notes", "hour")


class Recordings:
    """What is sent, each made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self) -> Path:
        """Ten lively seconds."""
        return recordings.part(self._folder, recordings.sample(), *recordings.SPOKEN).path

    def eight(self) -> list[Path]:
        """Half a minute each, no two alike."""
        return [each.path for each in recordings.rotations(self._folder, AT_ONCE)]

    def call(self, minutes: float) -> Path:
        """Two people on a telephone line."""
        return recordings.phone_call(self._folder, minutes * MINUTES).path

    def upload(self) -> Path:
        """Two hours as people send them: an MP3 in stereo."""
        path = self._folder / "two-hours.mp3"
        source = ("-stream_loop", "11", "-i", self.call(10))
        ffmpeg = (imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *source)
        subprocess.run([*ffmpeg, "-ac", "2", "-ar", "44100", "-b:a", "96k", path], check=True)
        return path


def send(service: Service, path: Path, diarize: bool = True) -> float:
    """Seconds until the answer."""
    begin = time.perf_counter()
    transcribe(service, path, diarize)
    return time.perf_counter() - begin


def transcribe(service: Service, path: Path, diarize: bool = True) -> dict[str, Any]:
    """``POST /asr`` as every commit knows it."""
    with path.open("rb") as file:
        answer = httpx.post(
            f"{service.url}/asr",
            params={"output": "json", "diarize": str(diarize).lower(), "language": "en"},
            files={"audio_file": (path.name, file)},
            timeout=PATIENCE,
        )
    answer.raise_for_status()
    return answer.json()


def send_together(service: Service, paths: list[Path]) -> float:
    """Seconds until the last one's answer."""
    begin = time.perf_counter()
    with ThreadPoolExecutor(len(paths)) as threads:
        list(threads.map(partial(send, service), paths))
    return time.perf_counter() - begin


@contextlib.contextmanager
def sending(service: Service, path: Path) -> Iterator[float]:
    """Seconds until Whisper has answered a first batch of it; the client hangs up in the end."""
    heard, _ = service.executions("whisper")
    begin = time.perf_counter()
    client = service.posting(path)
    try:
        while service.executions("whisper")[0] == heard:
            if client.poll() is not None:
                raise RuntimeError(f"{path.name} was not heard")
            time.sleep(0.05)
        yield time.perf_counter() - begin
    finally:
        client.kill()
        client.wait()


def settle(service: Service) -> None:
    """Wait until nothing that a client has left is worked on any more."""
    while True:
        spent = sum(process.cpu_seconds() for process in service.processes)
        time.sleep(1)
        if sum(process.cpu_seconds() for process in service.processes) - spent < 0.1:
            return


def first(service: Service, path: Path) -> float:
    """Seconds from the beginning of an upload to the first words that Whisper heard of it."""
    with sending(service, path) as seconds:
        pass
    settle(service)
    return seconds


def notes(service: Service, meeting: Path, note: Path) -> list[float]:
    """Seconds that notes take while an hour is processed."""
    chance = np.random.default_rng(NOTES)  # not in step with the batches
    waited = []
    with sending(service, meeting):
        time.sleep(SETTLING)
        for _ in range(NOTES):
            waited.append(send(service, note))
            time.sleep(chance.uniform(*PAUSES))
    settle(service)
    return waited


def hour(service: Service, path: Path) -> tuple[float, float, int, int]:
    """Seconds until the answer, MB that all processes held at most, words, and those in loops."""
    begin = time.perf_counter()
    with Peak.of(proportional(lambda: service.processes), every=5.0) as held:
        answer = transcribe(service, path)
    words = normalise(" ".join(each["text"] for each in answer["segments"])).split()
    return time.perf_counter() - begin, held.bytes / MEGABYTE, len(words), looped(words)


def median(work: Callable[[], float], times: int) -> float:
    """Of so many values."""
    return statistics.median(work() for _ in range(times))


def measure(
    services: list[Service], asked: set[str], sent: Recordings, rounds: int
) -> Iterator[tuple[str, str, list[list[float]]]]:
    """What, its unit, and the values of each service."""
    note = sent.note()
    works: dict[str, tuple[str, Callable[[Service], float]]] = {
        "text": ("a 10 s note, text only", lambda to: median(partial(send, to, note, False), 5)),
        "speakers": ("a 10 s note with speakers", lambda to: median(partial(send, to, note), 5)),
        "eight": ("8 of 30 s at once", lambda to: send_together(to, sent.eight())),
        "ten": ("10 min", lambda to: send(to, sent.call(10))),
        "first": ("first words of a 2 h MP3", lambda to: first(to, sent.upload())),
    }
    for service in services:
        send(service, note)  # caches are cold
    for name, (what, work) in works.items():
        if name in asked:
            progress(what)
            yield what, "s", in_turns(services, work, rounds)
    if "notes" in asked:
        progress("notes during 60 min")
        meeting = sent.call(60)
        waited = in_turns(services, lambda to: notes(to, meeting, note), rounds)
        yield "a 10 s note during 60 min", "s", [list(chain(*each)) for each in waited]
    if "hour" in asked:
        progress("60 min")
        spent = in_turns(services, lambda to: hour(to, sent.call(60)), 1)
        for number, (what, unit) in enumerate(HOUR):
            yield f"60 min{what}", unit, [[each[number] for each in rounds] for rounds in spent]


def in_turns(services: list[Service], work: Callable[[Service], Any], rounds: int) -> list[list]:
    """What came of it for each service, in each round."""
    came = [
        alternate(number, *(partial(work, service) for service in services))
        for number in range(rounds)
    ]
    return [list(each) for each in zip(*came, strict=True)]


def row(what: str, unit: str, theirs: list[float], ours: list[float]) -> str:
    """Medians, and their ratio where there is one."""
    medians = statistics.median(theirs), statistics.median(ours)
    line = f"| {what} | {medians[0]:.2f} {unit} | {medians[1]:.2f} {unit} "
    if not all(ours):
        return f"{line}| | |"
    each = ratios(theirs, ours)
    return f"{line}| {medians[0] / medians[1]:.2f} | {min(each):.2f} to {max(each):.2f} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.work.services", description=__doc__)
    parser.add_argument("before", nargs="?", default=BEFORE)
    parser.add_argument("after", nargs="?", default=HERE)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=WORKS, action="append", help="may be repeated")
    parser.add_argument("--processor", choices=PROCESSORS, help="a smaller one than this")
    asked = parser.parse_args()
    print(f"| what | {asked.before} | {asked.after} | × | least and most |")
    print("| --- " * 5 + "|")
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="services-")))
        there = variables(asked.processor, scratch)
        services = []
        for number, name in enumerate((asked.before, asked.after)):
            own = scratch / str(number)
            own.mkdir()
            code = code_of(name, own / "code")
            # What each keeps on disk is its own affair.
            kept = read_settings().cache_dir / "work" / name if name != HERE else None
            cache = {"CACHE_DIR": str(kept)} if kept else {}
            progress(f"starting {name}")
            service = Service(own, {**there, **cache, "PYTHONPATH": str(code)}, code)
            services.append(stack.enter_context(service))
        works = set(asked.only or WORKS)
        for what, unit, values in measure(services, works, Recordings(scratch), asked.rounds):
            print(row(what, unit, *values), flush=True)


if __name__ == "__main__":
    main()
