"""``python -m benchmarks.work [BEFORE [AFTER]]``: see the README beside ``benchmarks``."""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from adapter.embedded.sample import sample_recording
from benchmarks.running.measure import Row, alternate, progress, ratios
from benchmarks.work.processor import PROCESSORS, variables
from tests.speech.media import read_audio

ROOT = Path(__file__).parents[2]
BEFORE = "f8c3262"
HERE = "."  # the files as they lie here, committed or not
SPEECH_BEGINS = 6.7  # seconds of the sample
WORKS = [
    *(("note", 3), ("note", 10), ("note", 20)),
    ("four", 20),
    *(("speakers", 10), ("speakers", 60)),
]
LONG_WORKS = [("eight", 30), ("speakers", 600), ("everything", 600)]  # minutes each
ATTEMPTS_BEFORE = 1  # that are not counted: caches are cold


class Commit:
    """A process with the networks of one commit."""

    def __init__(self, name: str, folder: Path, audio: Path, variables: dict[str, str]) -> None:
        self.name = name
        program = Path(__file__).with_name("program.py")
        self._process = subprocess.Popen(
            [sys.executable, program, audio],
            cwd=folder,
            env={**os.environ, **variables, "PYTHONPATH": str(folder), "PYTHONUTF8": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        self._read()

    def do(self, work: str, seconds: float) -> dict:
        """``wall``, ``cpu`` and what came of it."""
        self._process.stdin.write(json.dumps({"work": work, "seconds": seconds}) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict:
        for line in self._process.stdout:
            with contextlib.suppress(ValueError):  # what libraries print
                return json.loads(line)
        raise RuntimeError(f"the networks of {self.name} cannot be run")

    def close(self) -> None:
        """End it."""
        self._process.stdin.close()
        self._process.wait()


def code_of(name: str, folder: Path) -> Path:
    """Where the code of a commit lies: in this folder, taken out of Git, or where it is already."""
    if name == HERE:
        return ROOT
    folder.mkdir()
    tar = subprocess.run(["git", "archive", name], cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "x", "-C", folder], input=tar, check=True)
    return folder


@contextlib.contextmanager
def commits(names: list[str], processor: str | None) -> Iterator[list[Commit]]:
    """A process for each, whose code is taken out of Git, as on such a processor."""
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        audio = read_audio(sample_recording())[round(SPEECH_BEGINS * 16_000) :]
        np.save(scratch / "audio.npy", audio)
        started, variables_there = [], variables(processor, scratch)
        for number, name in enumerate(names):
            folder = code_of(name, scratch / str(number))
            started.append(Commit(name, folder, scratch / "audio.npy", variables_there))
            stack.callback(started[-1].close)
        yield started


def measure(
    before: Commit, after: Commit, works: list[tuple[str, int]], rounds: int, uncounted: int
) -> Iterator[tuple[Row, Row, list[str]]]:
    """A row of seconds and one of processor seconds for each work, and what came of it at both."""
    for work, seconds in works:
        progress(f"{work}, {seconds} s")
        spent: list[list[dict]] = []
        for number in range(uncounted + rounds):
            doing = [partial(one.do, work, seconds) for one in (before, after)]
            spent.append(alternate(number, *doing))
        counted = spent[uncounted:]
        rows = []
        for kind in ("wall", "cpu"):
            theirs, ours = ([each[side][kind] for each in counted] for side in (0, 1))
            pairs = {before.name: theirs, after.name: ours}
            rows.append(Row(f"{work}, {seconds} s, {kind}", ratios(theirs, ours), seconds=pairs))
        yield (*rows, [side["came"] for side in spent[-1]])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.work", description=__doc__)
    parser.add_argument("before", nargs="?", default=BEFORE)
    parser.add_argument("after", nargs="?", default=HERE)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--long", action="store_true", help="ten minutes, and eight at once")
    parser.add_argument("--only", help="only the works of this name")
    parser.add_argument("--processor", choices=PROCESSORS, help="a smaller one than this")
    asked = parser.parse_args()
    works, uncounted = (LONG_WORKS, 0) if asked.long else (WORKS, ATTEMPTS_BEFORE)
    if asked.only:
        works = [each for each in works if each[0] == asked.only]
    print(f"| work | {asked.before} | {asked.after} | × | × of processor seconds |")
    print("| --- " * 5 + "|")
    with commits([asked.before, asked.after], asked.processor) as (before, after):
        for wall, cpu, came in measure(before, after, works, asked.rounds, uncounted):
            theirs, ours = (statistics.median(seconds) for seconds in wall.seconds.values())
            what = wall.what.removesuffix(", wall")
            spread = f"{wall.value:.2f} ({min(wall.values):.2f} to {max(wall.values):.2f})"
            seconds = f"{theirs:.2f} s | {ours:.2f} s"
            print(f"| {what} | {seconds} | {spread} | {cpu.value:.2f} |", flush=True)
            if came[0] != came[1]:
                progress(f"before: {came[0]}")
                progress(f"after: {came[1]}")


if __name__ == "__main__":
    main()
