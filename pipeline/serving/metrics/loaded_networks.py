"""Which networks a leaf has loaded, and how many are on their way, on Triton's metrics page."""

from __future__ import annotations

import threading

from pipeline.network_pool import LoadState
from pipeline.serving import LOADED_NETWORKS
from pipeline.serving.metrics.meters import Meters, Tell


class LoadedNetworks:
    """A gauge for each network of a leaf: 1 while it is loaded, then 0."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters
        self._gauges: dict[str, Tell] = {}
        self._on_their_way = 0
        self._lock = threading.Lock()
        self._loading = self._meters.gauge(
            "asr_loading_networks", "Networks that are being fetched or loaded"
        )

    def __call__(self, name: str, state: LoadState) -> None:
        """Note what has become of a network."""
        if state in ("loading", "settled"):
            with self._lock:
                self._on_their_way += 1 if state == "loading" else -1
                self._loading(float(self._on_their_way))
            return
        if name not in self._gauges:
            self._gauges[name] = self._meters.gauge(
                LOADED_NETWORKS,
                "1 for a network that is loaded, 0 for one that was let go",
                network=name,
            )
        self._gauges[name](1.0 if state == "loaded" else 0.0)
