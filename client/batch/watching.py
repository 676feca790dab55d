"""Recordings that come into folders while somebody watches."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path

from client.batch.files import Found, find

LOOK_SECONDS = 1.0
QUIET_SECONDS = 2.0  # a file that has not changed for so long has been written

Seen = tuple[int, int]  # bytes, and nanoseconds of the last change


async def listed(found: Sequence[Found]) -> AsyncIterator[Found]:
    """Those that are there."""
    for recording in found:
        yield recording


async def watch(paths: Sequence[Path]) -> AsyncIterator[Found]:
    """Recordings as soon as they are written, those that are there first; never ends.

    One that changes later comes again.

    Raises:
        OSError: a file or a folder is not there at the beginning.
    """
    given: dict[Path, Seen] = {}
    changing: dict[Path, tuple[Seen, float]] = {}
    clock = asyncio.get_running_loop().time
    for path in paths:
        path.stat()
    while True:
        with suppress(FileNotFoundError):  # one that went while it was looked at
            for found in list(find(paths)):
                state = _state(found.path)
                if state is None or given.get(found.path) == state:
                    continue
                before, since = changing.get(found.path, (None, clock()))
                if before != state:
                    changing[found.path] = (state, clock())
                elif clock() - since >= QUIET_SECONDS:
                    given[found.path] = state
                    del changing[found.path]
                    yield found
        await asyncio.sleep(LOOK_SECONDS)


def _state(path: Path) -> Seen | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
