"""How many processor cores there are for this process: by affinity, and by its cgroups' quotas."""

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")


def available_cores(mounted: Path = CGROUPS, own: Path = OWN_CGROUPS) -> int:
    """Cores that this process may use, which in a container is fewer than the machine has.

    ``docker run --cpus 2`` leaves all cores visible and gives the time of two: threads for each
    of them would wait for each other at every layer.  A part of a core counts as one.

    Args:
        mounted: where the cgroups are mounted.
        own: the file that says which ones this process is in.
    """
    allowed = len(os.sched_getaffinity(0))
    return max(1, min([allowed, *(math.ceil(quota) for quota in _quotas(mounted, own))]))


def _quotas(mounted: Path, own: Path) -> Iterator[float]:
    """Every quota that holds for this process, in cores: its cgroup's and those around it."""
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return
    for line in lines:  # 0::/path in version 2, 4:cpu,cpuacct:/path in version 1
        _, controllers, path = line.split(":", 2) if line.count(":") > 1 else ("", "-", "")
        if not controllers:
            root, read = mounted, _quota
        elif "cpu" in controllers.split(","):
            root, read = mounted / controllers, _quota_of_version_1
            root = root if root.is_dir() else mounted / "cpu"
        else:
            continue
        # In a namespace of its own, as in a container, the path starts outside of what is mounted.
        folder = root / path.lstrip("/")
        for around in (folder, *folder.parents):
            with suppress(OSError, ValueError, ZeroDivisionError):
                quota = read(around)
                if quota is not None:
                    yield quota
            if around == root:
                break


def _quota(folder: Path) -> float | None:
    quota, period = (folder / "cpu.max").read_text(encoding="ascii").split()
    return None if quota == "max" else int(quota) / int(period)


def _quota_of_version_1(folder: Path) -> float | None:
    quota = int((folder / "cpu.cfs_quota_us").read_text(encoding="ascii"))
    period = int((folder / "cpu.cfs_period_us").read_text(encoding="ascii"))
    return None if quota <= 0 else quota / period
