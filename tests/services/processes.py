"""Processes of this machine and what they hold, as Linux shows them."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def arguments(pid: int) -> list[str]:
    """The command line of a process; empty when it is gone or dead."""
    try:
        content = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # also one that dies just now
        return []
    return content.decode().split("\0") if content else []


def descendants(pid: int) -> set[int]:
    """The processes that a process started, and those that they started."""
    children = set()
    with suppress(OSError):  # processes and threads end while they are looked at
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                children |= {int(child) for child in (task / "children").read_text().split()}
    return children.union(*(descendants(child) for child in children))


def wait_until_gone(pids: set[int]) -> set[int]:
    """Those that are still alive after half a minute."""
    for _ in range(300):
        pids = {pid for pid in pids if arguments(pid) != []}
        if not pids:
            break
        time.sleep(0.1)
    return pids


def processor_seconds(pid: int) -> float:
    """What a process has used so far; 0 when it is gone."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def parent(pid: int) -> int:
    """The process that started this one."""
    # The program's name, in parentheses, may hold anything.
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def open_files(pid: int) -> list[str]:
    """What the descriptors of a process stand for, sorted; sockets are all alike."""
    # Sockets and pipes have numbers of their own; so have files without a name.
    return sorted(
        "a file without a name" if "(deleted)" in target else target.split(":[")[0]
        for _, target in _descriptors(pid)
    )


def nameless_sizes(pid: int) -> list[int]:
    """The bytes of each open file that has no name and lies on a disk."""
    sizes = []
    for descriptor, target in _descriptors(pid):
        if "(deleted)" in target and "/dev/shm/" not in target:
            with suppress(FileNotFoundError):
                sizes.append(descriptor.stat().st_size)
    return sizes


def _descriptors(pid: int) -> Iterator[tuple[Path, str]]:
    """Each open descriptor and what it stands for; one that is just being closed is left out."""
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            yield descriptor, os.readlink(descriptor)
