"""The networks of community-1, whose speaker embedding is a ResNet34: cost only."""

from functools import partial

from benchmarks.audio import recordings
from benchmarks.bench import Bench
from benchmarks.groups.short import ALL, whole
from benchmarks.running.measure import Row, alternate, progress, ratios
from benchmarks.running.service import Service
from benchmarks.running.worker import Worker

MINUTES = 600.0


def run(bench: Bench) -> None:
    """Add the rows of the ResNet34."""
    reference = bench.reference("whisper", "wav2vec2", "community")
    service = bench.service(community=True)
    sample = recordings.sample()
    progress("community: every network runs once")
    warm = recordings.part(bench.work, sample, *recordings.SPOKEN)
    reference.ask("run", path=str(warm.path), stages=ALL, diarizer="community")
    service.post(warm.path)
    _compare(bench, reference, service, sample, "30 s")
    if bench.full:
        call = recordings.phone_call(bench.work, MINUTES)
        _compare(bench, reference, service, call, "10 min")


def _compare(
    bench: Bench,
    reference: Worker,
    service: Service,
    recording: recordings.Recording,
    length: str,
) -> None:
    theirs: dict[str, list[float]] = {"all": [], "diarize": []}
    ours: dict[str, list[float]] = {"all": [], "diarize": []}
    audio = recording.samples
    for number in range(bench.rounds):
        progress(f"community: {length}, round {number + 1} of {bench.rounds}")
        stock, answer = alternate(
            number,
            partial(
                reference.ask,
                "run",
                path=str(recording.path),
                stages=ALL,
                diarizer="community",
            ),
            partial(service.post, recording.path),
        )
        theirs["all"].append(whole(stock["seconds"]))
        theirs["diarize"].append(stock["seconds"]["diarize"])
        ours["all"].append(answer.seconds)
        ours["diarize"].append(service.infer("diarization", {"AUDIO": audio}, "TURNS")[1])
    for what, stage, reach in (("end to end", "all", 8), ("diarization", "diarize", None)):
        bench.add(
            Row(
                f"{what}, {length}, ResNet34",
                ratios(theirs[stage], ours[stage]),
                reach=reach,
                seconds={"reference": theirs[stage], "ours": ours[stage]},
                note="random weights: cost only",
            )
        )
