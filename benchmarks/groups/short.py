"""Thirty seconds of real conversation: stage by stage, end to end, and eight at once."""

from functools import partial

import numpy as np

from benchmarks.audio import recordings
from benchmarks.bench import Bench
from benchmarks.running.measure import Row, alternate, progress, ratios
from benchmarks.running.service import Answer, Service
from benchmarks.scoring.agreement import agreement

ALL = ["transcribe", "align", "diarize", "attribute"]
WAV2VEC2 = "reference: wav2vec2"
TOGETHER = 8
OTHERS_TOGETHER = (3,)  # for the plot, once


def run(bench: Bench) -> None:
    """Add the rows of short recordings."""
    reference = bench.reference("whisper", "wav2vec2", "ecapa")
    local = bench.local("wav2vec2")
    service = bench.service()
    sample = recordings.sample()
    eight = [recording.path for recording in recordings.rotations(bench.work, TOGETHER)]
    progress("short: every network runs once")
    warm = recordings.part(bench.work, sample, *recordings.SPOKEN)
    reference.ask("run", path=str(warm.path), stages=ALL)
    service.post(warm.path, alignment="ctc")
    theirs: list[dict] = []
    ours: dict[str, list[float]] = {}
    words = []
    for number in range(bench.rounds):
        progress(f"short: round {number + 1} of {bench.rounds}")
        stock, mine = alternate(
            number,
            partial(reference.ask, "run", path=str(sample.path), stages=ALL),
            partial(_ours, service, sample, eight),
        )
        bench.heard["sample"] = stock
        theirs.append(stock["seconds"])
        around = local.ask(
            "align_around",
            path=str(sample.path),
            chunks=stock["chunks"],
            language=stock["language"],
        )
        mine["around"] = around["seconds"]["around"]
        words.append((stock["words"], around["words"]))
        for name, value in mine.items():
            ours.setdefault(name, []).append(value)
    _add_rows(bench, theirs, ours, sample.seconds)
    _add_agreement(bench, words)
    _curves(bench, service, theirs, ours, sample.seconds, eight)


def whole(seconds: dict[str, float]) -> float:
    """The reference's time from the file to words with speakers."""
    return sum(seconds[stage] for stage in ("decode", *ALL))


def _ours(service: Service, sample: recordings.Recording, eight: list) -> dict[str, float]:
    """Seconds of each of our measurements in one round."""
    audio = sample.samples
    segments, transcription = service.infer("transcription", {"AUDIO": audio}, "SEGMENTS")
    inputs = {"AUDIO": audio, "SEGMENTS": np.frombuffer(segments, np.uint8)}
    seconds = {
        "transcription": transcription,
        "attention": transcription
        + service.infer("alignment", inputs, "WORDS", alignment="attention")[1],
        "diarization": service.infer("diarization", {"AUDIO": audio}, "TURNS")[1],
        "end to end": service.post(sample.path).seconds,
        "end to end, ctc": service.post(sample.path, alignment="ctc").seconds,
    }
    seconds["eight, text"] = _slowest(
        service.post_together(eight, diarize=False, word_timestamps=False)
    )
    answers = service.post_together(eight)
    seconds["eight"] = _slowest(answers)
    seconds["eight, mean"] = float(np.mean([answer.seconds for answer in answers]))
    return seconds


def _slowest(answers: list[Answer]) -> float:
    return max(answer.seconds for answer in answers)


def _add_rows(
    bench: Bench, theirs: list[dict], ours: dict[str, list[float]], seconds: float
) -> None:
    def against(
        what: str, reference: list[float], name: str, times: int = 1, note: str = "", **row: float
    ) -> None:
        values = [value / times for value in ours[name]]
        bench.add(
            Row(
                what,
                ratios(reference, values),
                seconds={"reference": reference, "ours": values},
                note=note,
                **row,
            )
        )

    everything = [whole(each) for each in theirs]
    around = [each["align"] - each["align_network"] for each in theirs]
    transcribed = [each["transcribe"] for each in theirs]
    aligned = [each["align"] for each in theirs]
    against("transcription, 30 s", transcribed, "transcription")
    timed = [text + words for text, words in zip(transcribed, aligned, strict=True)]
    against("words with times, 30 s, cross-attention", timed, "attention", note=WAV2VEC2)
    against("diarization, 30 s, ECAPA", [each["diarize"] for each in theirs], "diarization")
    against("end to end, 30 s, ECAPA", everything, "end to end", reach=4, note=WAV2VEC2)
    against("end to end, 30 s, ECAPA, wav2vec2", everything, "end to end, ctc")
    against("alignment around the network, 30 s", around, "around", reach=10)
    one_by_one = "reference: one by one; seconds a recording"
    against("8 at once, end to end, ECAPA", everything, "eight", TOGETHER, one_by_one, reach=5)
    against("8 at once, text only", transcribed, "eight, text", TOGETHER, one_by_one, reach=1.5)


def _add_agreement(bench: Bench, words: list[tuple[list[dict], list[dict]]]) -> None:
    """The same chunks and the same network: do the words and times agree?"""
    found = [agreement(theirs, ours) for theirs, ours in words]
    bench.add(
        Row(
            "alignment: words within 20 ms of the reference's",
            [100 * each.within for each in found],
            "%",
            reach=99,
            note=f"same words: {100 * min(each.same_words for each in found):.1f} %",
        )
    )
    bench.add(
        Row(
            "alignment: median difference of word boundaries",
            [each.median_ms for each in found],
            "ms",
            better="less",
        )
    )


def _curves(
    bench: Bench,
    service: Service,
    theirs: list[dict],
    ours: dict[str, list[float]],
    seconds: float,
    eight: list,
) -> None:
    """Throughput and latency over concurrency, for the plot."""
    progress("short: concurrency")
    measured = {1: (np.median(ours["end to end"]), np.median(ours["end to end"]))}
    for count in OTHERS_TOGETHER:
        answers = service.post_together(eight[:count])
        measured[count] = (_slowest(answers), np.mean([answer.seconds for answer in answers]))
    measured[TOGETHER] = (np.median(ours["eight"]), np.median(ours["eight, mean"]))
    single = float(np.median([whole(each) for each in theirs]))
    bench.curves["ours"] = {
        "recordings": list(measured),
        "throughput": [float(count * seconds / last) for count, (last, _) in measured.items()],
        "latency": [float(mean) for _, mean in measured.values()],
    }
    bench.curves["reference"] = {
        "recordings": list(measured),
        "throughput": [seconds / single for _ in measured],
        # One after the other: the first waits for itself, the last for all.
        "latency": [single * (count + 1) / 2 for count in measured],
    }
