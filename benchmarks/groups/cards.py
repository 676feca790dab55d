"""Whisper's sizes on whatever DEVICE says, alone and many at once, beside the reference there."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from benchmarks.audio import recordings
from benchmarks.bench import Bench
from benchmarks.groups.short import ALL, whole
from benchmarks.running.measure import Row, alternate, progress, ratios
from benchmarks.running.service import Service
from benchmarks.running.worker import Worker


class Plan(NamedTuple):
    """What is measured on a kind of device."""

    models: Sequence[str]
    alone: float  # seconds of the recording that nobody else disturbs
    each: float  # seconds of each of those that come at once
    at_once: Sequence[int]


CARDS = Plan(("large-v3", "turbo"), alone=3600.0, each=600.0, at_once=(8, 32))
CPU = Plan(("base",), alone=20.0, each=12.0, at_once=(2,))  # the same way, in less time


def run(bench: Bench) -> None:
    """Add a row for each Whisper and each number of recordings.

    The speaker networks are those that stand in for community-1, on both sides.
    """
    device = bench.device
    plan = CARDS if device == "cuda" else CPU
    alone = recordings.phone_call(bench.work, plan.alone)
    piece = recordings.phone_call(bench.work, plan.each)
    warm = recordings.part(bench.work, recordings.sample(), *recordings.SPOKEN)
    for model in plan.models:
        service, reference = bench.on_device(model)
        progress(f"cards: every network runs once, with {model}")
        _theirs(reference, warm)
        service.post(warm.path)
        _alone(bench, service, reference, alone, f"{model} on {device}: {_length(plan.alone)}")
        for count in plan.at_once:
            what = f"{model} on {device}: {count} of {_length(plan.each)} at once"
            _at_once(bench, service, reference, piece, count, what)


def _length(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"


def _alone(
    bench: Bench, service: Service, reference: Worker, recording: recordings.Recording, what: str
) -> None:
    theirs, ours = [], []
    for number in range(bench.rounds):
        progress(f"cards: {what}, round {number + 1} of {bench.rounds}")
        stock, answer = alternate(
            number, partial(_theirs, reference, recording), partial(service.post, recording.path)
        )
        theirs.append(stock)
        ours.append(answer.seconds)
    _add(bench, what, theirs, ours, "random weights of speakers: cost only")


def _at_once(
    bench: Bench,
    service: Service,
    reference: Worker,
    recording: recordings.Recording,
    count: int,
    what: str,
) -> None:
    theirs, ours = [], []
    for number in range(bench.rounds):
        progress(f"cards: {what}, round {number + 1} of {bench.rounds}")
        together = partial(service.post_together, [recording.path] * count)
        one, answers = alternate(number, partial(_theirs, reference, recording), together)
        theirs.append(count * one)
        ours.append(max(answer.seconds for answer in answers))
    note = (
        "until the last one; the reference, which takes one at a time: that often the time of one"
    )
    _add(bench, what, theirs, ours, note)


def _theirs(reference: Worker, recording: recordings.Recording) -> float:
    told = reference.ask("run", path=str(recording.path), stages=ALL, diarizer="community")
    return whole(told["seconds"])


def _add(bench: Bench, what: str, theirs: list[float], ours: list[float], note: str) -> None:
    seconds = {"reference": theirs, "ours": ours}
    bench.add(Row(what, ratios(theirs, ours), seconds=seconds, note=note))
