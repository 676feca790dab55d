"""Mutants against their tests: each in a process of its own, forked with all libraries loaded."""

import contextlib
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import pytest

from tests.mutants.modules import PACKAGES, tests_beside
from tests.mutants.sample import Mutant

PATIENCE = 4.0  # seconds, beyond twice what the unchanged code takes
PAUSE = 0.01
OURS = (*PACKAGES, "tests", "benchmarks", "conftest", "test_")
QUIET = ["-q", "-x", "-p", "no:cacheprovider", "--tb=no", "--hypothesis-seed=0"]

Tests = tuple[Path, ...]


class Outcome(Enum):
    """What became of a mutant; one that hangs was noticed as well as one that was killed."""

    KILLED = "killed"
    HUNG = "hung"
    SURVIVED = "survived"


@dataclass
class Trial:
    """A mutant whose tests run."""

    mutant: Mutant
    copy: Path
    original: str
    process: int
    end: float


def baseline(copy: Path, groups: Iterable[Tests]) -> dict[Tests, float]:
    """Run the tests without a mutant, and load here the libraries that they load.

    Returns:
        Seconds that each group takes.

    Raises:
        RuntimeError: tests fail as it is.
    """
    took = {}
    for tests in groups:
        loaded = copy / "loaded.json"
        begin = time.monotonic()
        process = _fork(copy, tests, loaded)
        if status := os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]):
            raise RuntimeError(f"without a mutant pytest answers {status}: {tests[0].parent}")
        took[tests] = time.monotonic() - begin
        for name in json.loads(loaded.read_text(encoding="utf-8")):
            # Some parts of libraries only they themselves can load.
            with contextlib.suppress(Exception), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                importlib.import_module(name)
    return took


def copies(root: Path, folder: Path, number: int) -> list[Path]:
    """Working copies of what git knows or would take, for as many mutants at once."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=root, check=True, capture_output=True).stdout
    places = [folder / str(n) for n in range(number)]
    for name in filter(None, names.decode("utf-8").split("\0")):
        for place in places:
            if (root / name).is_file():
                (place / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, place / name)
    return places


def run(
    mutants: list[Mutant], free: list[Path], took: dict[Tests, float]
) -> Iterator[tuple[Mutant, Outcome]]:
    """Each mutant and its outcome, as soon as it is decided."""
    trials: list[Trial] = []
    waiting = list(reversed(mutants))
    while waiting or trials:
        while waiting and free:
            mutant, copy = waiting.pop(), free.pop()
            tests = tests_beside(mutant.module, copy)
            original = (copy / mutant.module).read_text(encoding="utf-8")
            (copy / mutant.module).write_text(mutant.code, encoding="utf-8")
            end = time.monotonic() + 2 * took[tuple(sorted(tests))] + PATIENCE
            trials.append(Trial(mutant, copy, original, _fork(copy, tests), end))
        for trial in list(trials):
            ended, status = os.waitpid(trial.process, os.WNOHANG)
            if not ended and time.monotonic() < trial.end:
                continue
            if ended:
                passed = os.waitstatus_to_exitcode(status) == pytest.ExitCode.OK
                outcome = Outcome.SURVIVED if passed else Outcome.KILLED
            else:
                os.killpg(trial.process, signal.SIGKILL)
                os.waitpid(trial.process, 0)
                outcome = Outcome.HUNG
            (trial.copy / trial.mutant.module).write_text(trial.original, encoding="utf-8")
            trials.remove(trial)
            free.append(trial.copy)
            yield trial.mutant, outcome
        time.sleep(PAUSE)


def _fork(copy: Path, tests: Tests, loaded: Path | None = None) -> int:
    """The process that runs these tests in that copy; its exit status is pytest's."""
    sys.stdout.flush()
    if process := os.fork():
        return process
    status = 70
    try:
        os.setsid()
        os.chdir(copy)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        # Compiled mutants of one second and one length would be taken for each other.
        sys.dont_write_bytecode = True
        sys.path[0] = str(copy)
        for name in [name for name in sys.modules if name.startswith(OURS)]:
            del sys.modules[name]
        status = pytest.main([*QUIET, *map(str, tests)])
        if loaded:
            names = [name for name in sys.modules if not name.startswith((*OURS, "_pytest"))]
            loaded.write_text(json.dumps(names), encoding="utf-8")
    finally:
        os._exit(status)
