"""The table, the JSON file and the plot."""

import json
import os
import platform
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.running.measure import Row

FIGURES = {"×": "{:.2f} ×", "%": "{:.1f} %", "s": "{:.1f} s", "MB": "{:.0f} MB"}
FIGURES |= {"points": "{:+.2f} points", "ms": "{:.1f} ms"}
HEADINGS = ("what", "result", "spread", "at least", "reached", "seconds (median)", "note")


def machine() -> dict[str, str | int | float]:
    """What this ran on, and how busy it was before."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "load": round(os.getloadavg()[0], 2),
    }


def table(rows: list[Row]) -> str:
    """A Markdown table whose columns also line up in a terminal."""
    lines = [HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    # The last column may be long; it ends the line.
    widths[-1] = len(HEADINGS[-1])
    text = [_line(lines[0], widths), "|" + "|".join("-" * (w + 2) for w in widths) + "|"]
    return "\n".join(text + [_line(line, widths) for line in lines[1:]])


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "| " + " | ".join(padded) + " |"


def _cells(row: Row) -> tuple[str, ...]:
    figure = FIGURES[row.unit].format
    spread = (
        f"{figure(min(row.values))} to {figure(max(row.values))}" if len(row.values) > 1 else ""
    )
    reach = ""
    if row.reach is not None:
        reach = ("" if row.better == "more" else "at most ") + figure(row.reach)
    reached = {None: "", True: "yes", False: "NO"}[row.reached]
    seconds = ", ".join(
        f"{name} {sorted(values)[len(values) // 2]:.3g}" for name, values in row.seconds.items()
    )
    return (row.what, figure(row.value), spread, reach, reached, seconds, row.note)


def write(
    folder: Path, rows: list[Row], curves: Mapping[str, Mapping[str, list[float]]], about: dict
) -> None:
    """Write ``benchmark.json``, ``table.md`` and, if there are curves, ``concurrency.svg``."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"machine": about, "rows": [row.as_json() for row in rows], "concurrency": curves}
    (folder / "benchmark.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    (folder / "table.md").write_text(table(rows) + "\n", encoding="utf-8")
    if curves:
        _plot(folder / "concurrency.svg", curves, about)


def _plot(path: Path, curves: Mapping[str, Mapping[str, list[float]]], about: dict) -> None:
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.fonttype"] = "none"  # text stays text
    from matplotlib import pyplot

    figure, (throughput, latency) = pyplot.subplots(1, 2, figsize=(10, 4))
    for name, curve in curves.items():
        style = "--" if name == "reference" else "-"
        throughput.plot(curve["recordings"], curve["throughput"], f"o{style}", label=name)
        latency.plot(curve["recordings"], curve["latency"], f"o{style}", label=name)
    throughput.set_ylabel("seconds of audio a second")
    latency.set_ylabel("seconds until the answer (mean)")
    for axes in (throughput, latency):
        axes.set_xlabel("recordings of 30 s at once, with speakers")
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.suptitle(f"{about['processor']}, {about['cores']} cores, {about['date']}", fontsize=9)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
