"""Ten minutes of conversation: end to end, diarization, and the price of Triton and HTTP."""

import threading
from functools import partial
from pathlib import Path

from benchmarks import recordings
from benchmarks.bench import Bench
from benchmarks.groups.short import ALL, whole
from benchmarks.measure import Row, alternate, progress, ratios
from benchmarks.scores import diarization_error
from benchmarks.service import Service
from pipeline.documents import Turns

SECONDS = 600.0
PART = 20.0  # seconds of it that the reference gets in a round, unless --full
NOTE_EVERY = 60.0  # seconds


def run(bench: Bench) -> None:
    """Add the rows of a ten-minute recording.

    The reference's time grows with the audio (each window costs the same), so that
    without --full it gets another part of the recording in each round, and that
    part's time counts for the whole.
    """
    reference = bench.reference("whisper", "wav2vec2", "ecapa")
    local = bench.local("whisper", "diarizer")
    service = bench.service()
    call = recordings.phone_call(bench.work, SECONDS)
    length = SECONDS if bench.full else PART
    scale = SECONDS / length
    note = recordings.part(bench.work, recordings.sample(), *recordings.SPOKEN)
    progress("long: every network runs once")
    reference.ask("run", path=str(note.path), stages=ALL)
    local.ask("run", path=str(note.path))
    service.post(note.path)
    theirs: list[dict] = []
    names = ("end to end", "diarization", "one process", "with notes")
    ours: dict[str, list[float]] = {name: [] for name in names}
    errors: dict[str, list[float]] = {"theirs": [], "ours": []}
    for number in range(bench.rounds):
        progress(f"long: round {number + 1} of {bench.rounds}")
        start = 0.0 if bench.full else (number + 0.5) * SECONDS / bench.rounds
        piece = recordings.part(bench.work, call, start, length)
        works = [
            partial(reference.ask, "run", path=str(piece.path), stages=ALL),
            partial(service.post, call.path),
        ]
        if bench.full or number == bench.rounds // 2:
            works += [
                partial(local.ask, "run", path=str(call.path)),
                partial(_among_notes, service, call.path, note.path),
            ]
        stock, answer, *others = alternate(number, *works)
        theirs.append({stage: scale * seconds for stage, seconds in stock["seconds"].items()})
        ours["end to end"].append(answer.seconds)
        if others:
            ours["one process"].append(others[0]["seconds"]["all"])
            ours["with notes"].append(others[1])
        ours["diarization"].append(
            service.infer("diarization", {"AUDIO": call.samples}, "TURNS")[1]
        )
        turns, _ = service.infer("diarization", {"AUDIO": piece.samples}, "TURNS")
        errors["theirs"].append(diarization_error(piece, stock["turns"]))
        errors["ours"].append(
            diarization_error(piece, Turns.model_validate_json(turns).model_dump()["turns"])
        )
    note_text = "" if bench.full else f"reference: {length:.0f} s of it, times {scale:.0f}"
    _add_rows(bench, theirs, ours, errors, note_text)


def _among_notes(service: Service, path: Path, note: Path) -> float:
    """Seconds until a recording is done while a note is posted every minute."""
    done = threading.Event()

    def post_notes() -> None:
        while not done.wait(NOTE_EVERY / 2):
            service.post(note)
            if done.wait(NOTE_EVERY / 2):
                return

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
    usual = sorted(ours["end to end"])[len(theirs) // 2]
    for what, reach, name, values in (
        (
            "Triton, BLS and HTTP on top of one process, 10 min",
            5,
            "one process",
            [100 * (usual / seconds - 1) for seconds in ours["one process"]],
        ),
        (
            "what a 10 min recording loses to a note a minute",
            10,
            "with notes",
            [100 * (seconds / usual - 1) for seconds in ours["with notes"]],
        ),
    ):
        bench.add(
            Row(
                what,
                values,
                "%",
                reach=reach,
                better="less",
                seconds={"service": ours["end to end"], name: ours[name]},
                note="against the median of all rounds",
            )
        )


def _percent(*named: str | list[float]) -> str:
    names, values = named[::2], named[1::2]
    means = (100 * sum(each) / len(each) for each in values)
    return ", ".join(f"{name} {mean:.1f} %" for name, mean in zip(names, means, strict=True))
