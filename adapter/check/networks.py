"""Each network on each card, asked as its step asks it, beside the same network on the CPU."""

import math
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from tritonclient.utils import InferenceServerException

from adapter.check.asking import ROUNDS, Inputs, Leaf
from adapter.check.likeness import same_frames, same_labels, same_voices, same_words
from adapter.check.lines import Line, failed, left_out, passed
from adapter.check.target import Target

Piece = tuple[Inputs, dict[str, object]]
Answers = list[np.ndarray | InferenceServerException]
NO_NETWORK = ("InvalidRequest: ", "WeightsUnavailable: ", "WeightsNotFound: ")


def compare(
    target: Target, pieces: dict[str, np.ndarray], on_cpu: dict[str, dict[str, object]]
) -> Iterator[Line]:
    """Lines for the four networks.

    Args:
        target: the service.
        pieces: see :mod:`adapter.check.pieces`.
        on_cpu: what :mod:`pipeline.reference` says of them.
    """
    batch = target.settings.whisper_batch_size
    spoken = [({"AUDIO": chunk}, {"language": "en"}) for chunk in pieces["chunks"]]
    # One whose words nobody wants: the encoder's answer is not aligned as it is.
    silent_about_times = (
        {"AUDIO": pieces["chunks"][0]},
        {"language": "en", "word_timestamps": False},
    )
    whisper = [*spoken, silent_about_times]
    yield from _network(
        target,
        "whisper",
        "CHUNK_TRANSCRIPT",
        whisper * math.ceil(batch / len(whisper)),
        lambda answers: same_words(answers, on_cpu["whisper"]),
        on_cpu,
    )
    yield from _network(
        target,
        "segmentation",
        "SEGMENTATION",
        [({"AUDIO": window}, {}) for window in pieces["windows"]] * 2,
        lambda answers: same_frames(answers, on_cpu["segmentation"]),
        on_cpu,
    )
    stretch = {"AUDIO": pieces["stretch"], "MASKS": pieces["masks"]}
    yield from _network(
        target,
        "speaker_embedding",
        "EMBEDDINGS",
        [(stretch, {})],
        lambda answers: same_voices(answers, on_cpu["speaker_embedding"]),
        on_cpu,
    )
    yield from _network(
        target,
        "wav2vec2",
        "EMISSION",
        [({"AUDIO": pieces["chunks"][0]}, {"language": "en"})],
        lambda answers: same_labels(answers, on_cpu["wav2vec2"]),
        on_cpu,
    )


def _network(
    target: Target,
    name: str,
    output: str,
    pieces: Sequence[Piece],
    judge: Callable[[Answers], tuple[bool, str, dict[str, object]]],
    on_cpu: dict[str, dict[str, object]],
) -> Iterator[Line]:
    leaf = Leaf(target.settings, name)
    try:
        begin = time.monotonic()
        answers = _when_loaded(leaf, pieces, output)
        first = time.monotonic() - begin
        failures = [str(each) for each in answers if isinstance(each, Exception)]
        if failures and any(mark in failures[0] for mark in NO_NETWORK):
            yield left_out(name, failures[0].partition(": ")[2])
            return
        if failures:
            yield failed(name, failures[0], _mend(failures[0]))
            return
        begin = time.monotonic()
        rounds = [answers, *_until_all_have_answered(target, leaf, pieces, output)]
        later = (time.monotonic() - begin) / max(len(rounds) - 1, 1)
        yield _verdict(target, leaf, rounds, judge, on_cpu, (first, later, len(pieces)))
    finally:
        leaf.close()


def _verdict(
    target: Target,
    leaf: Leaf,
    rounds: list[Answers],
    judge: Callable[[Answers], tuple[bool, str, dict[str, object]]],
    on_cpu: dict[str, dict[str, object]],
    timing: tuple[float, float, int],
) -> Line:
    name = leaf.name
    first, later, count = timing
    processes = leaf.answered()
    silent = sorted(instance for instance, pieces in processes.items() if not pieces)
    due = target.settings.processes_of(name) if target.is_own else len(processes)
    if silent or len(processes) < due:
        return failed(
            name,
            f"of {due} processes only {len(processes) - len(silent)} have answered",
            "look for the others in Triton's log; each should be ready before it is asked",
        )
    failures = [str(each) for answers in rounds for each in answers if isinstance(each, Exception)]
    if failures:
        return failed(name, failures[0], _mend(failures[0]))
    took = f"the first {count} together took {first:.1f} s"
    if len(rounds) > 1:
        took += f", later ones {later:.1f} s"
    if "failed" in on_cpu[name]:
        return left_out(name, f"answers, {took}; the CPU does not: {on_cpu[name]['failed']}")
    verdicts = [judge(answers) for answers in rounds]
    worst = min(verdicts, key=lambda verdict: verdict[0])
    alike, told, figures = worst
    where = "each process" if len(processes) > 1 else "its process"
    figures = {**figures, "processes": len(processes), "first_seconds": round(first, 2)}
    figures["later_seconds"] = round(later, 2)
    if not alike:
        return failed(
            name,
            f"what {where} says is not what the CPU says: {told}",
            f"NETWORK_DEVICES={name}=cpu does without the card for it; for whisper, try another "
            "COMPUTE_TYPE, and tell us of the card",
            **figures,
        )
    return passed(name, f"{where} says what the CPU says: {told}; {took}", **figures)


def _when_loaded(leaf: Leaf, pieces: Sequence[Piece], output: str) -> Answers:
    """The answers, asked for again while the network is fetched and loaded."""
    deadline = time.monotonic() + 120
    while True:
        answers = leaf.ask_together(pieces, output)
        loading = any("ModelLoading: " in str(each) for each in answers)
        if not loading or time.monotonic() > deadline:
            return answers
        time.sleep(1)


def _until_all_have_answered(
    target: Target, leaf: Leaf, pieces: Sequence[Piece], output: str
) -> Iterator[Answers]:
    """More rounds, of a batch for each process at once, until none has been left out.

    A card has one more in any case, for which nothing has to be compiled any more.
    """
    for round_ in range(ROUNDS):
        answered = leaf.answered()
        if all(answered.values()) and (round_ or target.device == "cpu"):
            return
        yield leaf.ask_together(list(pieces) * max(len(answered), 1), output)


def _mend(failure: str) -> str:
    if "out of memory" in failure.lower() or "OutOfMemory" in failure:
        return "set BATCH_SIZE lower, COMPUTE_TYPE=int8_float16 or PRELOAD_MODEL=turbo"
    return "Triton's log has the rest; docs/gpu.md says what such failures mean"
