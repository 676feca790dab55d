"""Faults that are provoked in the leaves' own processes, and what becomes of requests meanwhile."""

import time
from collections.abc import Iterator

import httpx

from adapter.check.lines import Line, failed, left_out, passed
from adapter.check.load import transcribe_short
from adapter.check.target import Target
from pipeline.serving.batches.faults import Fault, arrange

RECOVERY_SECONDS = 120.0


def faults(target: Target) -> Iterator[Line]:
    """Memory that runs out, and a card that breaks: both are answered all the same."""
    if target.faults is None:
        why = "this service was not started for it; end it, and make check starts its own"
        yield left_out("out of memory", why)
        yield left_out("broken card", why)
        return
    yield from _provoke(target, "out of memory", Fault("out of memory", above=1), ends=False)
    yield from _provoke(target, "broken card", Fault("broken device"), ends=True)


def _provoke(target: Target, name: str, fault: Fault, ends: bool) -> Iterator[Line]:
    """Have every leaf fail once, one after the other, while somebody waits for a recording."""
    recovered = []
    for leaf in ("whisper", "segmentation", "speaker_embedding"):
        before = target.processes().get(leaf, {})
        arrange(target.faults, leaf, fault)
        begin = time.monotonic()
        answer = transcribe_short(target)
        seconds = time.monotonic() - begin
        happened = not (target.faults / leaf).exists()
        arrange(target.faults, leaf, None)
        if answer.status_code != httpx.codes.OK or not answer.json()["segments"]:
            yield failed(
                name,
                f"a recording that {leaf} failed at was answered with {answer.status_code}: "
                f"{answer.text[:300]}",
                "Triton's log says what became of the process; this is a fault of the service",
            )
            return
        if not happened:
            continue  # its pieces went one by one
        if not _is_well(target):
            yield failed(
                name,
                f"the service is not healthy {RECOVERY_SECONDS:.0f} s after {leaf} failed",
                "Triton's log says why the model is not loaded again",
            )
            return
        after = target.processes().get(leaf, {})
        if before and (set(before.values()) == set(after.values())) == ends:
            kept = "went on" if ends else "ended"
            yield failed(
                name,
                f"the process of {leaf} {kept}, whose card was {'broken' if ends else 'only full'}",
                "this is a fault of the service",
            )
            return
        recovered.append(f"{leaf} {seconds:.1f} s")
    if not recovered:
        yield left_out(name, "no leaf computed more than one piece at once")
        return
    how = "ended and was loaded again" if ends else "went on with fewer pieces at once"
    yield passed(
        name,
        f"provoked in {', '.join(recovered)}: each {how}, and the recording was answered",
        recovered=recovered,
    )


def _is_well(target: Target) -> bool:
    deadline = time.monotonic() + RECOVERY_SECONDS
    while target.health() is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True
