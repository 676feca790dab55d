"""Four hours through everything."""

from benchmarks.audio import recordings
from benchmarks.bench import Bench
from benchmarks.running.measure import Row, progress
from benchmarks.running.processes import MEGABYTE, Peak, private, proportional

SECONDS = 4 * 3600.0


def run(bench: Bench) -> None:
    """Add the rows of a recording of four hours."""
    with bench.only("service"):
        service = bench.service()
        recording = recordings.phone_call(bench.work, SECONDS)
        progress("full: 4 h through everything")
        adapter = private(lambda: service.adapter)
        everything = proportional(lambda: service.processes)
        # To look at the pages of all processes takes a third of a core if done all the time.
        with Peak.of(everything, every=5.0) as together, Peak.of(adapter) as held:
            answer = service.post(recording.path)
    last = max((segment.end for segment in answer.transcript.segments), default=0.0)
    bench.add(
        Row(
            "4 h through everything: memory of all processes",
            [together.bytes / MEGABYTE],
            "MB",
            reach=8192,
            better="less",
            seconds={"until the answer": [answer.seconds]},
            note=f"{len(answer.transcript.segments)} segments up to {last:.0f} s; "
            f"adapter {held.bytes / MEGABYTE:.0f} MB beside the PCM",
        )
    )
