"""What the adapter holds while a long recording passes through."""

from benchmarks.audio import recordings
from benchmarks.bench import Bench
from benchmarks.running.measure import Row, progress
from benchmarks.running.processes import MEGABYTE, Peak, private

SECONDS = 7200.0
SPEECH = 0.01  # of it: the adapter carries every second, the networks have a minute to do


def run(bench: Bench) -> None:
    """Add the row of the adapter's memory."""
    service = bench.service()
    service.post(recordings.sample().path)
    recording = recordings.phone_call(bench.work, SECONDS, SPEECH)
    progress("memory: 2 h pass through the adapter")
    with Peak.of(private(lambda: service.adapter)) as held, Peak.of(_lent) as lent:
        answer = service.post(recording.path, diarize=False)
    pcm = 2 * 16_000 * SECONDS / MEGABYTE
    bench.add(
        Row(
            "adapter and its decoder beside the PCM, 2 h",
            [held.bytes / MEGABYTE],
            "MB",
            reach=300,
            better="less",
            seconds={"until the answer": [answer.seconds]},
            note=f"idle {held.first / MEGABYTE:.0f} MB; PCM in shared memory "
            f"{(lent.bytes - lent.first) / MEGABYTE:.0f} MB for {pcm:.0f} MB of samples",
        )
    )


def _lent() -> int:
    """Bytes of recordings in POSIX shared memory."""
    from adapter.intake.recording import PREFIX, SHARED_MEMORY

    sizes = []
    for path in SHARED_MEMORY.glob(f"{PREFIX}*"):
        try:
            sizes.append(path.stat().st_size)
        except OSError:
            continue  # just taken away
    return sum(sizes)
