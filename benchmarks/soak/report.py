"""What a soak found: a table, every look as CSV, a plot."""

import csv
from collections.abc import Sequence
from pathlib import Path

from benchmarks.dashboard.plot import compact
from benchmarks.running.processes import MEGABYTE
from benchmarks.soak.remains import Check, Remains


def table(checks: Sequence[Check]) -> str:
    """A Markdown table of what was to stay as it was."""
    lines = ["| what | after warm-up | at the end | at most | |", "|---|---|---|---|---|"]
    lines += [
        f"| {each.what} | {each.before:g} | {each.after:g} | {each.most:g} "
        f"| {'' if each.holds else 'MORE'} |"
        for each in checks
    ]
    return "\n".join(lines)


def write(
    folder: Path,
    looks: Sequence[Remains],
    deaths: Sequence[tuple[float, str]],
    checks: Sequence[Check],
    told: str,
) -> None:
    """Write ``soak.md``, ``soak.csv`` and ``soak.svg``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "soak.md").write_text(f"{told}\n\n{table(checks)}\n", encoding="utf-8")
    roles = sorted({role for look in looks for role in look.memory})
    with (folder / "soak.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        kinds = ("memory", "threads", "files")
        totals = ("zombies", "shared", "recordings", "regions", "temporary", "left")
        writer.writerow(["at", *totals, *(f"{kind} {role}" for kind in kinds for role in roles)])
        for look in looks:
            counted = [getattr(look, kind).get(role, "") for kind in kinds for role in roles]
            writer.writerow([look.at, *(getattr(look, total) for total in totals), *counted])
    _plot(folder / "soak.svg", looks, deaths, roles, told)


def _plot(
    path: Path,
    looks: Sequence[Remains],
    deaths: Sequence[tuple[float, str]],
    roles: Sequence[str],
    told: str,
) -> None:
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.fonttype"] = "none"  # text stays text
    matplotlib.rcParams["svg.hashsalt"] = "soak"
    from matplotlib import pyplot

    figure, (memory, threads, shared) = pyplot.subplots(3, 1, figsize=(9, 10), sharex=True)
    minutes = [look.at / 60 for look in looks]
    for axes in (memory, threads):  # there are more roles than usual colours
        axes.set_prop_cycle(color=pyplot.colormaps["tab20"].colors)
    nothing = float("nan")
    for role in roles:
        sizes = [look.memory.get(role, nothing) / MEGABYTE for look in looks]
        memory.plot(minutes, sizes, label=role, linewidth=1)
        threads.plot(minutes, [look.threads.get(role, nothing) for look in looks], linewidth=1)
    shared.plot(minutes, [look.shared / MEGABYTE for look in looks], label="/dev/shm, MB")
    shared.plot(minutes, [look.zombies for look in looks], label="zombies")
    for axes in (memory, threads, shared):
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        for at, what in deaths:
            axes.axvline(at / 60, color="black", alpha=0.15, linewidth=0.8)
            if axes is memory and "_" not in what and len(what) > 6:
                axes.annotate(what, (at / 60, 0), rotation=90, fontsize=5, va="bottom")
    memory.set_ylabel("MB, resident and private")
    threads.set_ylabel("threads")
    shared.set_xlabel("minutes (lines: deaths)")
    memory.legend(fontsize=7, ncols=3)
    shared.legend(fontsize=7)
    figure.suptitle(told, fontsize=7, wrap=True)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    path.write_text(compact(path.read_text(encoding="utf-8")), encoding="utf-8")
