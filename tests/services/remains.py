"""What requests leave behind in an adapter, its Triton and the machine: nothing."""

import time
from collections import Counter
from dataclasses import dataclass

import httpx

from adapter.intake.recording import PREFIX, SHARED_MEMORY
from adapter.triton.secret import HEADER
from tests.services.processes import arguments, descendants, open_files

SETTLE_SECONDS = 120  # of a slow machine; connections are kept open for 5, memory for a chunk


@dataclass(frozen=True)
class Remains:
    """Whatever a request may leave."""

    files: Counter[str]  # open in the adapter, nameless ones included
    children: list[list[str]]  # of the adapter: decoders
    memory: set[str]  # shared, named as recordings are
    regions: set[str]  # registered in Triton

    @classmethod
    def of(cls, adapter: int, triton_http: str, secret: str) -> "Remains":
        """Those of an adapter's process and of the Triton behind it."""
        url = f"http://{triton_http}/v2/systemsharedmemory/status"
        status = httpx.get(url, headers={HEADER: secret}, timeout=60)
        return cls(
            files=Counter(open_files(adapter)),
            children=[arguments(child)[:1] for child in descendants(adapter)],
            memory={path.name for path in SHARED_MEMORY.glob(f"{PREFIX}*")},
            regions={region["name"] for region in status.json()},
        )

    def added_to(self, before: "Remains") -> dict[str, object]:
        """What is here and was not there; empty when there is nothing of that kind."""
        added = {
            "files": dict(self.files - before.files),
            "children": self.children,
            "memory": self.memory - before.memory,
            "regions": self.regions - before.regions,
        }
        return {kind: what for kind, what in added.items() if what}


def left_behind(before: Remains, adapter: int, triton_http: str, secret: str) -> dict[str, object]:
    """What is still there some time after the last request."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        left = Remains.of(adapter, triton_http, secret).added_to(before)
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.2)
