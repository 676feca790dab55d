"""Metrics pages, read sample by sample."""

import re
from collections import defaultdict

import httpx

SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Page:
    """The samples of one page."""

    def __init__(self, text: str) -> None:
        self._samples = {
            (name, *LABEL.findall(labels)): float(value)
            for name, labels, value in SAMPLE.findall(text)
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
