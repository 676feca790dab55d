"""What was measured: a table to read, a CSV file for others, a plot."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.perf.analyzer import PERCENTILES
from benchmarks.perf.inputs import ENSEMBLE, LEAVES, MODELS
from benchmarks.perf.sweep import Measured

HEADINGS = (
    *("model", "at once", "a second", "audio s a second"),
    *(f"p{each} s" for each in PERCENTILES),
    *("in the queue s", "in the batch s", "batch"),
)
SHARED = ", shared memory"


def in_order(rows: Iterable[Measured]) -> list[Measured]:
    """The ensemble first, then its leaves in the order of the graph."""
    return sorted(rows, key=lambda row: (MODELS.index(row.model), row.shared_memory))


def table(rows: Sequence[Measured]) -> str:
    """A Markdown table whose columns also line up in a terminal."""
    lines = [HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS) - 1)]
    rule = "|".join("-" * (width + 2) for width in [*widths, len(HEADINGS[-1])])
    text = ["| " + " | ".join([*map(str.ljust, line, widths), line[-1]]) + " |" for line in lines]
    return "\n".join([text[0], f"|{rule}|", *text[1:]])


def _cells(row: Measured) -> tuple[str, ...]:
    name = row.model + SHARED * row.shared_memory
    figures = row.figures
    if figures is None:
        return (name, str(row.concurrency or ""), *[""] * (len(HEADINGS) - 3), row.fault)
    leaf = row.model in LEAVES  # of what answers through senders Triton knows execute() only
    batches = [f"{size:.1f}" if leaf else f"{of} {size:.1f}" for of, size in row.batches.items()]
    return (
        name,
        str(row.concurrency),
        f"{figures.rate:.3g}",
        f"{figures.rate * row.audio_seconds:.3g}",
        *(f"{figures.percentiles[each]:.3g}" for each in PERCENTILES),
        f"{figures.queue:.3g}" if leaf else "",
        f"{figures.compute:.3g}" if leaf else "",
        ", ".join(batches),
    )


def write(folder: Path, rows: Sequence[Measured], about: dict[str, object]) -> None:
    """Write ``perf.csv``, ``perf.md`` and, where something was measured, ``perf.svg``."""
    folder.mkdir(parents=True, exist_ok=True)
    told = ", ".join(f"{key}: {value}" for key, value in about.items())
    (folder / "perf.md").write_text(f"{told}\n\n{table(rows)}\n", encoding="utf-8")
    with (folder / "perf.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            [
                *("model", "shared_memory", "concurrency", "requests_per_second"),
                *("audio_seconds_per_second", *(f"p{each}_seconds" for each in PERCENTILES)),
                *("queue_seconds", "compute_seconds", *(f"{leaf}_batch" for leaf in LEAVES)),
                *("window_requests", "fault"),
            ]
        )
        writer.writerows(_values(row) for row in rows)
    if any(row.figures for row in rows):
        _plot(folder / "perf.svg", [row for row in rows if row.figures], told)


def _values(row: Measured) -> list[object]:
    figures, leaf = row.figures, row.model in LEAVES
    measured: list[object] = [""] * (4 + len(PERCENTILES))
    if figures:
        measured = [
            *(figures.rate, figures.rate * row.audio_seconds),
            *(figures.percentiles[each] for each in PERCENTILES),
            *((figures.queue, figures.compute) if leaf else ("", "")),
        ]
    batches = [row.batches.get(each, "") for each in LEAVES]
    counted = [row.model, int(row.shared_memory), row.concurrency]
    return [*counted, *measured, *batches, row.requests, row.fault]


def _plot(path: Path, rows: Sequence[Measured], about: str) -> None:
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.fonttype"] = "none"  # text stays text
    matplotlib.rcParams["svg.hashsalt"] = "perf"
    from matplotlib import pyplot

    models = list(dict.fromkeys(row.model for row in rows))
    figure, grid = pyplot.subplots(3, len(models), figsize=(3 * len(models), 7.5), squeeze=False)
    for column, model in enumerate(models):
        throughput, latency, batch = grid[:, column]
        throughput.set_title(model)
        for shared in (False, True):
            line = [row for row in rows if (row.model, row.shared_memory) == (model, shared)]
            if not line:
                continue
            at_once = [row.concurrency for row in line]
            style = "o--" if shared else "o-"
            rates = [row.figures.rate for row in line]
            throughput.plot(at_once, rates, style, label="shared memory" if shared else "gRPC")
            for each in (50, 99):
                times = [row.figures.percentiles[each] for row in line]
                latency.plot(at_once, times, style, label=f"p{each}{SHARED * shared}")
            for leaf in LEAVES if model == ENSEMBLE else (model,):
                sizes = [row.batches.get(leaf, float("nan")) for row in line]
                batch.plot(at_once, sizes, style, label=leaf + SHARED * shared)
        for axes in grid[:, column]:
            axes.set_ylim(bottom=0)
            axes.grid(alpha=0.3)
            axes.legend(fontsize=7)
        batch.set_xlabel("requests at once")
    for axes, label in zip(grid[:, 0], ("requests a second", "seconds", "in a batch"), strict=True):
        axes.set_ylabel(label)
    figure.suptitle(about, fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=120, metadata={"Date": None})
    pyplot.close(figure)
