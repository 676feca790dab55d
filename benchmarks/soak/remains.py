"""What a service holds while nobody asks it anything: to be the same before and after."""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from adapter.intake.recording import PREFIX, SHARED_MEMORY
from adapter.triton.engine import SWEEP_SECONDS
from adapter.triton.processes import live_instances
from adapter.triton.secret import HEADER
from benchmarks.running.processes import MEGABYTE, PROC, Process

ADAPTER, TRITON = "adapter", "tritonserver"
SETTLE_SECONDS = 75.0  # idle: connections are closed, arenas are given back
# What may be more afterwards: pools have grown to what they ever need, connections are open.
MORE_BYTES, MORE_OF_BYTES = 64 * MEGABYTE, 0.25
MORE_THREADS, MORE_FILES, MORE_SHARED = 8, 8, 16 * MEGABYTE
MORE_LEFT = 3  # of each client one, whose answer the adapter took with it when it died
INHERITED_FILES = 32  # Triton's own, by the process of a model that is loaded again
# What Triton 2.51 keeps of a process that died while it worked (docs/load/soak.md).
THREADS_OF_THE_DEAD, FILES_OF_THE_DEAD, SHARED_OF_THE_DEAD = 16, 4, 24 * MEGABYTE


@dataclass
class Remains:
    """At one moment; numbers by the process's role: the adapter, tritonserver, each model."""

    at: float  # seconds since the start
    memory: dict[str, int] = field(default_factory=dict)  # resident and private, in bytes
    threads: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)  # open descriptors
    zombies: int = 0
    shared: int = 0  # bytes of this service in /dev/shm
    recordings: int = 0  # in /dev/shm whose adapter died so long ago that they should be gone
    regions: int = 0  # audio that Triton still has by name
    temporary: int = 0  # files
    left: int = 0  # recordings of jobs


@dataclass(frozen=True)
class Check:
    """One thing that is to be the same."""

    what: str
    before: float
    after: float
    most: float

    @property
    def holds(self) -> bool:
        """Whether it is, or nearly."""
        return self.after <= self.most


class Looker:
    """Looks at one service."""

    def __init__(
        self,
        processes: Callable[[], list[Process]],
        triton_http: str,
        secret: Callable[[], str | None],
        folder: Path,
        started: float,
    ) -> None:
        """Args:
        processes: the service's.
        triton_http: host:port.
        secret: of the Triton that runs now.
        folder: its TMPDIR and its DATA_DIR are in there.
        started: by the monotonic clock.
        """
        self._processes = processes
        self._triton_http = triton_http
        self._secret = secret
        self._folder = folder
        self._started = started

    def look(self) -> Remains:
        """What there is now; whatever is just dead or being started is left out."""
        seen = Remains(round(time.monotonic() - self._started, 1))
        processes = self._processes()
        for role, process in self._roles(processes):
            with contextlib.suppress(OSError):
                folder = PROC / str(process.pid)
                seen.memory[role] = seen.memory.get(role, 0) + process.private_bytes()
                seen.threads[role] = len(list((folder / "task").iterdir()))
                seen.files[role] = len(list((folder / "fd").iterdir()))
        seen.zombies = sum(not process.command for process in processes)
        port = self._triton_http.rpartition(":")[2]
        for path in SHARED_MEMORY.iterdir():
            with contextlib.suppress(OSError):
                if path.name.startswith("triton-asr-") and f"-{port}-" in path.name:
                    seen.shared += path.stat().st_blocks * 512
                seen.recordings += path.name.startswith(PREFIX) and _is_left(path)
        seen.temporary = _files(self._folder / "temporary")
        seen.left = _files(self._folder / "data" / "audio")
        seen.regions = self._regions()
        return seen

    def _roles(self, processes: list[Process]) -> Iterator[tuple[str, Process]]:
        models = {
            pid: model
            for model, instances in (live_instances(self._secret()) or {}).items()
            for pid in instances.values()
        }
        for process in processes:
            if "adapter.app:create_app" in process.command:
                yield ADAPTER, process
            elif process.command.split(" ")[0].endswith("/tritonserver"):
                yield TRITON, process
            elif process.pid in models:
                yield models[process.pid], process

    def _regions(self) -> int:
        url = f"http://{self._triton_http}/v2/systemsharedmemory/status"
        try:
            answer = httpx.get(url, headers={HEADER: self._secret() or ""}, timeout=10)
            return len(answer.json())
        except (httpx.HTTPError, ValueError, TypeError):
            return 0


def _files(folder: Path) -> int:
    return sum(len(files) for *_, files in os.walk(folder))


def _is_left(path: Path) -> bool:
    """Whether no adapter, of this service or another, has it or has taken it away."""
    if time.time() - path.stat().st_mtime < 2 * SWEEP_SECONDS:
        return False
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def checks(before: Remains, after: Remains, dead: int) -> list[Check]:
    """What was to stay as it was.

    Args:
        dead: models' processes that this Triton has seen die.
    """
    found = []
    for role in sorted(before.memory | after.memory):
        memory = before.memory.get(role, 0)
        most = memory + max(MORE_BYTES, MORE_OF_BYTES * memory)
        found.append(
            Check(f"memory of {role}, MB", *_megabytes(memory, after.memory.get(role, 0), most))
        )
    for what, more, of_the_dead, old, new in (
        ("threads", MORE_THREADS, THREADS_OF_THE_DEAD, before.threads, after.threads),
        ("descriptors", MORE_FILES, FILES_OF_THE_DEAD, before.files, after.files),
    ):
        for role in sorted(old | new):
            most = old.get(role, 0) + more + (dead * of_the_dead if role == TRITON else 0)
            if what == "descriptors" and role not in (ADAPTER, TRITON):
                most += INHERITED_FILES
            found.append(Check(f"{what} of {role}", old.get(role, 0), new.get(role, 0), most))
    most = before.shared + MORE_SHARED + dead * SHARED_OF_THE_DEAD
    shared = _megabytes(before.shared, after.shared, most)
    return [
        *found,
        Check("/dev/shm, MB", *shared),
        Check("recordings that nobody has", before.recordings, after.recordings, 0),
        Check("temporary files", before.temporary, after.temporary, before.temporary),
        Check("recordings of jobs", before.left, after.left, before.left + MORE_LEFT),
        Check("regions that Triton has", before.regions, after.regions, dead),
        Check("zombies", before.zombies, after.zombies, dead),
    ]


def _megabytes(*sizes: float) -> Iterator[float]:
    return (round(size / MEGABYTE, 1) for size in sizes)
