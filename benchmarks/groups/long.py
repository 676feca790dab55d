"""Ten minutes of conversation: end to end, diarization, and the price of Triton and HTTP."""

from functools import partial

from benchmarks import recordings
from benchmarks.bench import Bench
from benchmarks.groups.short import ALL, whole
from benchmarks.measure import Row, alternate, progress, ratios
from benchmarks.scores import diarization_error
from pipeline.documents import Turns

SECONDS = 600.0
PART = 60.0  # seconds of it that the reference gets in a round, unless --full


def run(bench: Bench) -> None:
    """Add the rows of a ten-minute recording.

    The reference's time grows with the audio (each window costs the same), so that
    without --full it gets another minute of the recording in each round, and that
    minute's time counts ten times.
    """
    reference = bench.reference("whisper", "wav2vec2", "ecapa")
    local = bench.local("whisper", "diarizer")
    service = bench.service()
    call = recordings.phone_call(bench.work, SECONDS)
    length = SECONDS if bench.full else PART
    scale = SECONDS / length
    warm = recordings.part(bench.work, recordings.sample(), *recordings.SPOKEN)
    progress("long: every network runs once")
    reference.ask("run", path=str(warm.path), stages=ALL)
    local.ask("run", path=str(warm.path))
    service.post(warm.path)
    theirs: list[dict] = []
    ours: dict[str, list[float]] = {"end to end": [], "diarization": [], "one process": []}
    errors: dict[str, list[float]] = {"theirs": [], "ours": []}
    for number in range(bench.rounds):
        progress(f"long: round {number + 1} of {bench.rounds}")
        start = 0.0 if bench.full else number * (SECONDS - PART) / max(bench.rounds - 1, 1)
        piece = recordings.part(bench.work, call, start, length)
        stock, answer, alone = alternate(
            number,
            partial(reference.ask, "run", path=str(piece.path), stages=ALL),
            partial(service.post, call.path),
            partial(local.ask, "run", path=str(call.path)),
        )
        theirs.append({stage: scale * seconds for stage, seconds in stock["seconds"].items()})
        ours["end to end"].append(answer.seconds)
        ours["one process"].append(alone["seconds"]["all"])
        ours["diarization"].append(
            service.infer("diarization", {"AUDIO": call.samples}, "TURNS")[1]
        )
        turns, _ = service.infer("diarization", {"AUDIO": piece.samples}, "TURNS")
        errors["theirs"].append(diarization_error(piece, stock["turns"]))
        errors["ours"].append(
            diarization_error(piece, Turns.model_validate_json(turns).model_dump()["turns"])
        )
    note = "" if bench.full else f"reference: {length:.0f} s of it, times {scale:.0f}"
    _add_rows(bench, theirs, ours, errors, note)


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
    pairs = zip(ours["end to end"], ours["one process"], strict=True)
    bench.add(
        Row(
            "Triton, BLS and HTTP on top of one process, 10 min",
            [100 * (service / process - 1) for service, process in pairs],
            "%",
            reach=5,
            better="less",
            seconds={"service": ours["end to end"], "one process": ours["one process"]},
        )
    )


def _percent(*named: str | list[float]) -> str:
    names, values = named[::2], named[1::2]
    means = (100 * sum(each) / len(each) for each in values)
    return ", ".join(f"{name} {mean:.1f} %" for name, mean in zip(names, means, strict=True))
