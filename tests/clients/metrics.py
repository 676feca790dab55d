"""Metrics pages, read as Prometheus reads them."""

from collections import defaultdict

import httpx
from prometheus_client.parser import text_string_to_metric_families


class Page:
    """The samples of one page, or what has been added to them since another reading of it."""

    def __init__(self, text: str) -> None:
        self._samples = {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    @classmethod
    def at(cls, url: str) -> "Page":
        """The page at this address."""
        return cls(httpx.get(url, timeout=60).raise_for_status().text)

    def total(self, name: str, **labels: str) -> float:
        """The sum of the samples of this name that have these labels, whatever others they have."""
        return sum(
            value
            for (sample, *others), value in self._samples.items()
            if sample == name and labels.items() <= dict(others).items()
        )

    def by(self, label: str, name: str, **labels: str) -> dict[str, float]:
        """The sums of this name for each value of one label."""
        sums: defaultdict[str, float] = defaultdict(float)
        for (sample, *others), value in self._samples.items():
            told = dict(others)
            if sample == name and labels.items() <= told.items():
                sums[told[label]] += value
        return dict(sums)

    def __contains__(self, name: str) -> bool:
        return any(sample == name for sample, *_ in self._samples)
