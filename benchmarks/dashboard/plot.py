"""The dashboard's answers as one picture, for docs/."""

import json
import math
import re
from pathlib import Path

from benchmarks.dashboard.queries import DASHBOARD
from tests.programs.prometheus import Prometheus

COLUMNS = 3
POINTS = 60
MOST_CURVES = 12


def plot(path: Path, prometheus: Prometheus, begin: float, end: float, about: str) -> None:
    """Draw every panel of curves, between two Unix times."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.fonttype"] = "none"  # text stays text
    matplotlib.rcParams["svg.hashsalt"] = "dashboard"
    matplotlib.rcParams["font.sans-serif"] = ["DejaVu Sans"]  # every text names all of the list
    from matplotlib import pyplot

    panels = [
        panel
        for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
        if panel["type"] == "timeseries"
    ]
    rows = math.ceil(len(panels) / COLUMNS)
    figure, grid = pyplot.subplots(rows, COLUMNS, figsize=(5 * COLUMNS, 2.6 * rows))
    for axes, panel in zip(grid.flat, panels, strict=False):
        drawn = 0
        for target in panel["targets"]:
            step = (end - begin) / POINTS
            for labels, points in prometheus.curves(target["expr"], begin, end, step):
                if drawn < MOST_CURVES:
                    times = [(at - begin) / 60 for at, _ in points]
                    legend = target["legendFormat"]
                    for name, value in labels.items():
                        legend = legend.replace(f"{{{{{name}}}}}", value)
                    legend = re.sub(r" ?{{\w+}}", "", legend)  # of a label that is not there
                    axes.plot(times, [value for _, value in points], label=legend)
                    drawn += 1
        axes.set_title(panel["title"], fontsize=9)
        axes.set_ylim(bottom=0)
        axes.tick_params(labelsize=7)
        axes.grid(alpha=0.3)
        if any(target["legendFormat"] for target in panel["targets"]):
            axes.legend(fontsize=6)
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_axis_off()
    figure.suptitle(about, fontsize=9)
    figure.supxlabel("minutes", fontsize=8)
    figure.tight_layout(rect=(0, 0, 1, 0.985))
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    path.write_text(compact(path.read_text(encoding="utf-8")), encoding="utf-8")


def compact(svg: str) -> str:
    """The same picture to a tenth of a point, in half as many bytes; its texts stay as they are."""
    svg = re.sub("<[^>]*>", lambda tag: re.sub(r"(\d\.\d)\d+", r"\1", tag[0]), svg)
    svg = re.sub(r" *\n *(?=[LMCQz\"])", " ", svg)
    return re.sub(r"\n +", "\n", svg)
