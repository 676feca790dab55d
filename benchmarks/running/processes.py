"""What processes hold in memory, from /proc."""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Process:
    """A process and its command line."""

    pid: int
    command: str

    def private_bytes(self) -> int:
        """Its resident memory without shared memory segments."""
        return self._status("RssAnon") + self._status("RssFile")

    def proportional_bytes(self) -> int:
        """Its resident memory, pages shared with others counted in equal parts."""
        return _kilobytes(PROC / str(self.pid) / "smaps_rollup", "Pss")

    def cpu_seconds(self) -> float:
        """Of it and of those of its children that have ended and been waited for; 0 when gone."""
        with contextlib.suppress(OSError):
            status = (PROC / str(self.pid) / "stat").read_text(encoding="utf-8", errors="replace")
            ticks = status.rpartition(")")[2].split()[11:15]
            return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
        return 0.0

    def _status(self, field: str) -> int:
        return _kilobytes(PROC / str(self.pid) / "status", field)


def descendants(pid: int) -> list[Process]:
    """A process and all below it that live."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                status = (entry / "stat").read_text(encoding="utf-8", errors="replace")
                parent = int(status.rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        each = waiting.pop()
        waiting += children.get(each, [])
        with contextlib.suppress(OSError):
            command = (PROC / str(each) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            found.append(Process(each, command))
    return found


class Peak:
    """The largest value of a measure, in bytes, looked at again and again in a thread."""

    def __init__(self, measure: Callable[[], int], every: float) -> None:
        self._measure = measure
        self._every = every
        self._stopped = threading.Event()
        self.first = self.bytes = measure()

    def _watch(self) -> None:
        while not self._stopped.wait(self._every):
            self.bytes = max(self.bytes, self._measure())

    @classmethod
    @contextlib.contextmanager
    def of(cls, measure: Callable[[], int], every: float = 0.25) -> Iterator["Peak"]:
        """Watch inside a ``with`` block, with so many seconds between two looks."""
        peak = cls(measure, every)
        thread = threading.Thread(target=peak._watch, daemon=True)
        thread.start()
        try:
            yield peak
        finally:
            peak._stopped.set()
            thread.join()


def private(processes: Callable[[], list[Process]]) -> Callable[[], int]:
    """A measure: what these processes hold by themselves."""
    return lambda: sum(process.private_bytes() for process in processes())


def proportional(processes: Callable[[], list[Process]]) -> Callable[[], int]:
    """A measure: what these processes hold together, shared pages counted once."""
    return lambda: sum(process.proportional_bytes() for process in processes())


def _kilobytes(path: Path, field: str) -> int:
    """A field of a file of /proc in bytes; 0 when the process is gone."""
    with contextlib.suppress(OSError):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * 1024
    return 0
