"""Processes of this machine and what they hold, as Linux shows them."""

import os
from pathlib import Path


def arguments(pid: int) -> list[str]:
    """The command line of a process; empty when it is gone or dead."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except FileNotFoundError:
        return []


def descendants(pid: int) -> set[int]:
    """The processes that a process started, and those that they started."""
    try:
        children = {
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        }
    except FileNotFoundError:
        return set()
    return children.union(*(descendants(child) for child in children))


def open_files(pid: int) -> list[str]:
    """What the descriptors of a process stand for, sorted; sockets are all alike."""
    files = []
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(descriptor)
        except FileNotFoundError:
            continue
        # Sockets and pipes have numbers of their own; so have files without a name.
        files.append("a file without a name" if "(deleted)" in target else target.split(":[")[0])
    return sorted(files)


def nameless_sizes(pid: int) -> list[int]:
    """The bytes of each open file that has no name and lies on a disk."""
    folder = Path(f"/proc/{pid}/fd")
    nameless = [
        descriptor
        for descriptor in folder.iterdir()
        if "(deleted)" in (target := os.readlink(descriptor)) and "/dev/shm/" not in target
    ]
    return [descriptor.stat().st_size for descriptor in nameless]
