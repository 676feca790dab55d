"""Faults in the leaves of a Triton that a test has started."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapter.triton.processes import live_instances
from pipeline.serving import PROVOKED_FAULTS
from pipeline.serving.batches.faults import Fault, arrange


@contextmanager
def provoked(secret: str, **faults: Fault) -> Iterator[None]:
    """Faults by leaf, which are over afterwards.

    Args:
        secret: that of the Triton.
        faults: by the leaf's name.
    """
    folder = folder_of(secret)
    folder.mkdir(exist_ok=True)
    for leaf, fault in faults.items():
        arrange(folder, leaf, fault)
    try:
        yield
    finally:
        for leaf in faults:
            arrange(folder, leaf, None)


def folder_of(secret: str) -> Path:
    """Where the leaves of a Triton look for faults."""
    pid = next(pid for instances in live_instances(secret).values() for pid in instances.values())
    variables = Path("/proc", str(pid), "environ").read_text(encoding="utf-8").split("\0")
    mark = f"{PROVOKED_FAULTS}="
    (folder,) = (each.removeprefix(mark) for each in variables if each.startswith(mark))
    return Path(folder)
