"""Words and speakers against the truth, ours and the reference's."""

from benchmarks.audio import recordings
from benchmarks.audio.dialogue import LINES
from benchmarks.bench import Bench
from benchmarks.groups.short import ALL
from benchmarks.running.measure import Row, progress
from benchmarks.scoring.scores import diarization_error, word_error
from documents import Turns

FEW_LINES = 5  # 27 s of three voices, which the reference takes as long for
POINTS = "reference {:.1f} %, ours {:.1f} %"


def run(bench: Bench) -> None:
    """Add the rows of word and diarization error rates.

    Both are deterministic: one round.
    """
    reference = bench.reference("whisper", "ecapa")
    service = bench.service()
    named = {"sample": recordings.sample()}
    spoken = recordings.conversation(bench.work, len(LINES) if bench.full else FEW_LINES)
    if spoken is None:
        progress("accuracy: no conversation of synthetic voices: flite is not installed")
    else:
        named["three voices"] = spoken
    stages = [stage for stage in ALL if stage in ("transcribe", "diarize")]
    for name, recording in named.items():
        progress(f"accuracy: {name}, {recording.seconds:.0f} s")
        stock = bench.heard.get(name) or reference.ask(
            "run", path=str(recording.path), stages=stages
        )
        words = [segment["text"] for segment in stock["chunks"]]
        answer = service.post(recording.path).transcript
        theirs = word_error(recording, words)
        ours = word_error(recording, [segment.text for segment in answer.segments])
        bench.add(_row(f"WER, {name}: ours less the reference's", theirs, ours))
        turns, _ = service.infer("diarization", {"AUDIO": recording.samples}, "TURNS")
        found = Turns.model_validate_json(turns).model_dump()["turns"]
        theirs = diarization_error(recording, stock["turns"])
        ours = diarization_error(recording, found)
        bench.add(_row(f"DER, {name}: ours less the reference's", theirs, ours))


def _row(what: str, theirs: float, ours: float) -> Row:
    return Row(
        what,
        [100 * (ours - theirs)],
        "points",
        reach=0.5 if what.startswith("DER") else None,
        better="less",
        note=POINTS.format(100 * theirs, 100 * ours),
    )
