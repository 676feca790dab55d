"""Clustering the embeddings of a long recording."""

from benchmarks.bench import Bench
from benchmarks.running.measure import Row, progress

HOURS = 8.0
SMALL = 0.75  # hours, which stock clusters as well


def run(bench: Bench) -> None:
    """Add the rows of clustering; each size in a process of its own, for its memory."""
    with bench.only():
        progress(f"clustering: {HOURS:.0f} h of synthetic embeddings")
        large = bench.clustering(HOURS, stock=False)
        bench.add(
            Row(
                "clustering 8 h: time",
                [large["seconds"]],
                "s",
                reach=60,
                better="less",
                note=f"{large['embeddings']} embeddings of {large['speakers']} speakers, "
                f"{large['found']} found",
            )
        )
        bench.add(
            Row(
                "clustering 8 h: memory",
                [large["megabytes"]],
                "MB",
                reach=2048,
                better="less",
                note="of the whole process; pyannote keeps a distance for every pair: "
                f"{large['embeddings'] ** 2 * 4 / 1e9:.0f} GB",
            )
        )
        progress(f"clustering: {60 * SMALL:.0f} min, ours and stock")
        small = bench.clustering(SMALL, stock=True)
        bench.add(
            Row(
                "clustering: labels as stock's",
                [100 * small["same"]],
                "%",
                reach=100,
                note=f"{small['embeddings']} embeddings",
            )
        )
