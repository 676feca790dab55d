"""Ten minutes of conversation: end to end, diarization, and the price of Triton and HTTP."""

import threading
from functools import partial
from pathlib import Path

from benchmarks.audio import recordings
from benchmarks.bench import Bench
from benchmarks.groups.short import ALL, whole
from benchmarks.running.measure import Row, alternate, progress, ratios
from benchmarks.running.service import Service
from benchmarks.scoring.scores import diarization_error
from documents import Turns

SECONDS = 600.0
PART = 20.0  # seconds of it that the reference gets in a round, unless --full
NOTE_EVERY = 60.0  # seconds
WINDOW, STEP = 10.0, 1.0  # seconds, of pyannote's segmentation


def run(bench: Bench) -> None:
    """Add the rows of a ten-minute recording.

    Without --full the reference gets another part of the recording in each
    round, whose time counts for the whole: diarization's by its windows, each
    of which costs the same, and the others' by the second.

    In the middle round a note is posted every minute beside the recording, and
    our functions in one process get it as well.
    """
    reference = bench.reference("whisper", "wav2vec2", "ecapa")
    local = bench.local("whisper", "diarizer")
    service = bench.service()
    call = recordings.phone_call(bench.work, SECONDS)
    length = SECONDS if bench.full else PART
    note = recordings.part(bench.work, recordings.sample(), *recordings.SPOKEN)
    progress("long: every network runs once")
    reference.ask("run", path=str(note.path), stages=ALL)
    local.ask("run", path=str(note.path))
    service.post(note.path)
    theirs: list[dict] = []
    ours: dict[str, list[float]] = {"end to end": [], "diarization": []}
    errors: dict[str, list[float]] = {"theirs": [], "ours": []}
    middle = bench.rounds // 2
    for number in range(bench.rounds):
        progress(f"long: round {number + 1} of {bench.rounds}")
        start = 0.0 if bench.full else (number + 0.5) * SECONDS / bench.rounds
        piece = recordings.part(bench.work, call, start, length)
        stock, seconds = alternate(
            number,
            partial(reference.ask, "run", path=str(piece.path), stages=ALL),
            partial(_post, service, call.path, note.path if number == middle else None),
        )
        theirs.append(
            {stage: took * _times(stage, length) for stage, took in stock["seconds"].items()}
        )
        ours["end to end"].append(seconds)
        ours["diarization"].append(
            service.infer("diarization", {"AUDIO": call.samples}, "TURNS")[1]
        )
        turns, _ = service.infer("diarization", {"AUDIO": piece.samples}, "TURNS")
        errors["theirs"].append(diarization_error(piece, stock["turns"]))
        errors["ours"].append(
            diarization_error(piece, Turns.model_validate_json(turns).model_dump()["turns"])
        )
    progress("long: in one process")
    one_process = local.ask("run", path=str(call.path))["seconds"]["all"]
    note_text = "" if bench.full else f"reference: by {length:.0f} s of it"
    _add_rows(bench, theirs, ours, errors, note_text)
    times = ratios([whole(each) for each in theirs], ours["end to end"])
    _add_costs(bench, times, ours["end to end"], middle, one_process)


def _times(stage: str, length: float) -> float:
    """How many times as long the reference takes for all of it as for a part, in seconds."""
    if stage == "diarize":
        return (SECONDS - WINDOW + STEP) / (length - WINDOW + STEP)
    return SECONDS / length


def _post(service: Service, path: Path, note: Path | None) -> float:
    """Seconds until a recording is done, while a note is posted every minute if there is one."""
    done = threading.Event()

    def post_notes() -> None:
        while not done.wait(NOTE_EVERY / 2):
            service.post(note)
            if done.wait(NOTE_EVERY / 2):
                return

    if note is None:
        return service.post(path).seconds
    notes = threading.Thread(target=post_notes)
    notes.start()
    try:
        return service.post(path).seconds
    finally:
        done.set()
        notes.join()


def _add_rows(
    bench: Bench,
    theirs: list[dict],
    ours: dict[str, list[float]],
    errors: dict[str, list[float]],
    note: str,
) -> None:
    everything = [whole(each) for each in theirs]
    diarized = [each["diarize"] for each in theirs]
    bench.add(
        Row(
            "end to end, 10 min, ECAPA",
            ratios(everything, ours["end to end"]),
            reach=4,
            seconds={"reference": everything, "ours": ours["end to end"]},
            note=note,
        )
    )
    bench.add(
        Row(
            "diarization, 10 min, ECAPA",
            ratios(diarized, ours["diarization"]),
            reach=8,
            seconds={"reference": diarized, "ours": ours["diarization"]},
            note=note,
        )
    )
    bench.add(
        Row(
            "the same: DER, ours less the reference's",
            [100 * (b - a) for a, b in zip(errors["theirs"], errors["ours"], strict=True)],
            "points",
            reach=0.5,
            better="less",
            note="DER " + _percent("reference", errors["theirs"], "ours", errors["ours"]),
        )
    )


def _add_costs(
    bench: Bench, times: list[float], seconds: list[float], middle: int, one_process: float
) -> None:
    """What Triton and HTTP cost, and what notes cost; ``middle`` is the round that had them.

    Rounds of a noisy machine are compared by how many ``times`` as long the
    reference takes in each of them.
    """
    alone = seconds[:middle] + seconds[middle + 1 :]
    if not alone:
        return  # of one round there is nothing to compare
    without = times[:middle] + times[middle + 1 :]
    mean = sum(alone) / len(alone)
    bench.add(
        Row(
            "Triton, BLS and HTTP on top of one process, 10 min",
            [100 * (mean / one_process - 1)],
            "%",
            reach=5,
            better="less",
            seconds={"service": alone, "one process": [one_process]},
            note="against the mean of the rounds without notes",
        )
    )
    bench.add(
        Row(
            "what a 10 min recording loses to a note a minute",
            [100 * (sum(without) / len(without) / times[middle] - 1)],
            "%",
            reach=10,
            better="less",
            seconds={"alone": alone, "with notes": [seconds[middle]]},
            note="by the reference's time in the same round",
        )
    )


def _percent(*named: str | list[float]) -> str:
    names, values = named[::2], named[1::2]
    means = (100 * sum(each) / len(each) for each in values)
    return ", ".join(f"{name} {mean:.1f} %" for name, mean in zip(names, means, strict=True))
