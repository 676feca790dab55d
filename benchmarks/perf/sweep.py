"""The measurements: each model under more and more requests at once."""

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from tritonclient.utils import InferenceServerException

from benchmarks.perf.analyzer import AnalyzerFailed, Figures, Load, measure
from benchmarks.perf.inputs import ENSEMBLE, Inputs, make_inputs
from benchmarks.perf.plan import choose_levels, choose_window, seconds_for
from benchmarks.perf.target import Counts, Target
from benchmarks.perf.tool import Tool
from benchmarks.running.measure import progress
from pipeline.settings import Settings

FIRST_LOOKS = 3  # requests alone, after one that warms up, from which the time is guessed
LONG_LOOK = 1.0  # seconds, after which one is enough
SLOWER = 3  # times the time that was expected, after which a measurement is given up
SPARE_SECONDS = 15.0


@dataclass(frozen=True)
class Plan:
    """What is to be measured."""

    models: Sequence[str]
    levels: Sequence[int]  # requests at once
    shared_memory: Sequence[bool]
    level_seconds: float  # for a measurement, where there is time for more
    end: float  # by the monotonic clock


@dataclass(frozen=True)
class Measured:
    """A line of the report."""

    model: str
    shared_memory: bool = False
    concurrency: int = 0
    requests: int = 0  # of each of perf_analyzer's windows, at least
    audio_seconds: float = 0.0  # of a request
    figures: Figures | None = None
    batches: dict[str, float] = field(default_factory=dict)  # requests in a batch, by leaf
    fault: str = ""  # why there are no figures


def sweep(
    plan: Plan, target: Target, tool: Tool, audio: np.ndarray, settings: Settings, folder: Path
) -> Iterator[Measured]:
    """Measure one model after the other; the ensemble last, which gets what time is left.

    Args:
        audio: INT16 [N] at 16 kHz.
        folder: for files.
    """
    ordered = sorted(plan.models, key=lambda model: model == ENSEMBLE)
    for number, model in enumerate(ordered):
        progress(f"--- {model}")
        try:
            if time.monotonic() > plan.end:
                raise _LeftOut("there was no time left for it")
            inputs = make_inputs(model, audio, partial(target.ask, end=plan.end), settings)
            alone = _seconds_alone(target, inputs, plan.end)
        except (InferenceServerException, _LeftOut) as error:
            reason = str(error) if isinstance(error, _LeftOut) else error.message()
            progress(f"  it is left out: {reason}")
            yield Measured(model, fault=reason)
            continue
        share = (plan.end - time.monotonic()) / (len(ordered) - number)
        run = _Run(plan, target, tool, inputs, inputs.write(folder), folder / "report.csv")
        for shared in plan.shared_memory:
            yield from run.levels(shared, 1 / alone, share / len(plan.shared_memory))


class _LeftOut(Exception):  # noqa: N818 - what becomes of it
    """A model is not measured; says why."""


def _seconds_alone(target: Target, inputs: Inputs, end: float) -> float:
    """How long one request takes that has the Triton for itself."""
    target.first(inputs, end)
    took: list[float] = []
    while len(took) < FIRST_LOOKS and sum(took) < LONG_LOOK:
        begin = time.monotonic()
        target.first(inputs, end)
        took.append(time.monotonic() - begin)
    return statistics.median(took)


@dataclass(frozen=True)
class _Run:
    plan: Plan
    target: Target
    tool: Tool
    inputs: Inputs
    data: Path
    report: Path

    def levels(self, shared: bool, rate: float, seconds: float) -> Iterator[Measured]:
        levels = choose_levels(self.plan.levels, rate, seconds)
        for number, level in enumerate(levels):
            begin = time.monotonic()
            share = min(seconds / (len(levels) - number), self.plan.level_seconds)
            measured = self._level(shared, level, choose_window(level, rate, share), rate)
            yield measured
            seconds -= time.monotonic() - begin
            if measured.figures is None:
                break
            rate = max(rate, measured.figures.rate)
        for level in self.plan.levels[len(levels) :]:
            progress(f"  {level} at once: left out, as there is no time for it")

    def _level(self, shared: bool, level: int, window: int, rate: float) -> Measured:
        before = self.target.counts()
        load = Load(self.inputs, self.data, level, window, shared)
        asked = (self.inputs.model, shared, level, window, self.inputs.audio_seconds)
        left = self.plan.end - time.monotonic()
        allowed = min(SLOWER * seconds_for(level, window, rate) + SPARE_SECONDS, left)
        try:
            secret = self.target.secret
            figures = measure(
                self.tool, self.target.address, secret, load, self.report, max(allowed, 1)
            )
        except AnalyzerFailed as failure:
            progress(f"  {level} at once: {failure}")
            return Measured(*asked, fault=str(failure))
        batches = batch_sizes(before, self.target.counts())
        progress(
            f"  {level} at once: {figures.rate:.3g} a second, p50 {figures.percentiles[50]:.3g} s, "
            f"p99 {figures.percentiles[99]:.3g} s" + (" through shared memory" if shared else "")
        )
        return Measured(*asked, figures, batches)


def batch_sizes(before: dict[str, Counts], after: dict[str, Counts]) -> dict[str, float]:
    """Requests in a batch of each leaf that had some between two looks."""
    sizes = {}
    for leaf, now in after.items():
        then = before.get(leaf, Counts(0, 0))
        if now.batches > then.batches:
            sizes[leaf] = (now.requests - then.requests) / (now.batches - then.batches)
    return sizes
