"""Which networks a leaf has loaded, told on Triton's metrics page."""

from __future__ import annotations

import logging

import triton_python_backend_utils as pb_utils

from pipeline.serving import LOADED_NETWORKS

logger = logging.getLogger(__name__)


class LoadedNetworks:
    """A gauge for each network of a leaf: 1 while it is loaded, then 0."""

    def __init__(self, leaf: str, instance: str) -> None:
        """Args:
        leaf: the model's name.
        instance: of the model; there is one for each GPU.
        """
        self._labels = {"leaf": leaf, "instance": instance}
        self._gauges: dict[str, object] = {}
        self._family = pb_utils.MetricFamily(
            name=LOADED_NETWORKS,
            description="1 for a network that is loaded, 0 for one that was let go",
            kind=pb_utils.MetricFamily.GAUGE,
        )

    def __call__(self, name: str, loaded: bool) -> None:
        """Note that a network was loaded or let go."""
        try:
            if name not in self._gauges:
                self._gauges[name] = self._family.Metric(labels={**self._labels, "network": name})
            self._gauges[name].set(float(loaded))
        except pb_utils.TritonModelException as failure:
            # A Triton that was started without metrics serves all the same.
            logger.warning("%s is not told: %s", LOADED_NETWORKS, failure)
