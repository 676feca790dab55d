"""Faults that are provoked in the leaves' own processes, and what becomes of requests meanwhile."""

import time
from collections.abc import Iterator

import httpx
import numpy as np

from adapter.check.asking import Leaf
from adapter.check.lines import Line, failed, left_out, passed
from adapter.check.load import transcribe_short
from adapter.check.target import Target
from pipeline.serving.batches.faults import Fault, arrange

RECOVERY_SECONDS = 120.0
LEAVES = ("whisper", "segmentation", "speaker_embedding")
OURS = "this is a fault of the service: tell us, with what Triton's log says"


class _NotAnswered(Exception):  # noqa: N818 - what happened
    """What was provoked did harm; says what."""


def faults(target: Target, pieces: dict[str, np.ndarray]) -> Iterator[Line]:
    """Memory that runs out, and a card that breaks: whoever asks is answered all the same."""
    if target.faults is None:
        why = "this service was not started for it; end it, and make check starts its own"
        yield left_out("out of memory", why)
        yield left_out("broken card", why)
        return
    try:
        yield _out_of_memory(target, pieces)
    except _NotAnswered as harm:
        yield failed("out of memory", str(harm), OURS)
    try:
        yield _broken(target)
    except _NotAnswered as harm:
        yield failed("broken card", str(harm), OURS)


def _out_of_memory(target: Target, pieces: dict[str, np.ndarray]) -> Line:
    """Room for one piece at a time in those that take several, and for none, once, in the other."""
    before = target.processes()
    asked = {
        "whisper": (
            [({"AUDIO": chunk}, {"language": "en"}) for chunk in pieces["chunks"]],
            "CHUNK_TRANSCRIPT",
        ),
        "segmentation": ([({"AUDIO": each}, {}) for each in pieces["windows"]], "SEGMENTATION"),
    }
    halved = []
    for name, (batch, output) in asked.items():
        leaf = Leaf(target.settings, name)
        arrange(target.faults, name, Fault("out of memory", above=1))
        try:
            answers = leaf.ask_together(batch, output)
            happened = not (target.faults / name).exists()
        finally:
            leaf.close()
            arrange(target.faults, name, None)
        if not happened:
            raise _NotAnswered(f"{name} computed {len(batch)} pieces one by one, and did not fail")
        failures = [str(each) for each in answers if isinstance(each, Exception)]
        if failures:
            raise _NotAnswered(f"{name} answered {len(failures)} of {len(batch)}: {failures[0]}")
        halved.append(name)
    _provoke(target, "speaker_embedding", Fault("out of memory"))
    if target.processes() != before:
        raise _NotAnswered("a process has ended whose card was only full")
    told = f"{' and '.join(halved)} halved their batches, speaker_embedding was asked again"
    return passed("out of memory", f"provoked in three networks: {told}, and all was answered")


def _broken(target: Target) -> Line:
    """The same process cannot go on; another one answers."""
    recovered = {}
    for name in LEAVES:
        before = target.processes().get(name, {})
        recovered[name] = round(_provoke(target, name, Fault("broken device")), 1)
        after = target.processes().get(name, {})
        if set(before.values()) & set(after.values()) == set(before.values()):
            raise _NotAnswered(f"the process of {name} went on, whose card was broken")
    told = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in recovered.items())
    return passed(
        "broken card",
        f"provoked in three networks: each process ended, was loaded again, and the recording that "
        f"it had was answered ({told})",
        recovered=recovered,
    )


def _provoke(target: Target, leaf: str, fault: Fault) -> float:
    """Have a leaf fail once while somebody waits for a recording: the seconds until the answer.

    Raises:
        _NotAnswered: it was no transcript, or the service is not well afterwards.
    """
    arrange(target.faults, leaf, fault)
    begin = time.monotonic()
    try:
        answer = transcribe_short(target)
        happened = not (target.faults / leaf).exists()
    finally:
        arrange(target.faults, leaf, None)
    seconds = time.monotonic() - begin
    if answer.status_code != httpx.codes.OK or not answer.json()["segments"]:
        raise _NotAnswered(
            f"a recording at which {leaf} failed was answered with {answer.status_code}: "
            f"{answer.text[:300]}"
        )
    if not happened:
        raise _NotAnswered(f"{leaf} was not asked, and did not fail")
    deadline = time.monotonic() + RECOVERY_SECONDS
    while target.health() is None:
        if time.monotonic() > deadline:
            raise _NotAnswered(f"the service is not healthy after {leaf} has failed")
        time.sleep(0.5)
    return seconds
