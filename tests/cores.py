"""The cores that the networks of one test worker have."""

import os

from pipeline.hardware import available_cores

WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
CORES = max(1, available_cores() // WORKERS)


def share_cores() -> None:
    """Let networks in a worker's own process have that many threads.

    They wait for each other at every layer: six times as long on a core that another one has.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:  # workers have the environment of who starts them
        for name in ("CORES", "OMP_NUM_THREADS"):
            os.environ.setdefault(name, str(CORES))
