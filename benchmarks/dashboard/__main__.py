"""``make dashboard``: does every query of the dashboard and the rules have an answer under load?

Starts the service and a Prometheus on ports of their own, sends recordings for five minutes,
asks everything that ``deploy/`` asks, fails where nothing is answered, and plots the answers.
"""

import argparse
import logging
import re
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import httpx

from adapter.embedded.sample import sample_recording
from benchmarks.audio.recordings import read_wav
from benchmarks.dashboard.load import Load
from benchmarks.dashboard.plot import plot
from benchmarks.dashboard.queries import of_dashboard, of_rules, unanswered
from benchmarks.running.measure import progress
from benchmarks.running.service import Service, StartError
from benchmarks.running.worker import ROOT
from pipeline.audio import SAMPLE_RATE
from tests.programs.debian import PackageUnavailable
from tests.programs.prometheus import Prometheus, running_prometheus
from tests.speech.media import write_wav

PLOT = ROOT / "docs/metrics.svg"
MINUTES = 5.0
CLIENTS = 3
SCRAPE_SECONDS = 5
CLIP_SECONDS = 12
MOST_COST = 0.01  # of the service's processor time, for its metrics
COST = re.compile(r"^asr_(?:model_)?telemetry_cpu_seconds_total(?:\{.*\})? (\S+)$", re.MULTILINE)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="make dashboard", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of load (%(default)g)")
    parser.add_argument("--clients", type=int, default=CLIENTS, help="at once (%(default)d)")
    parser.add_argument("--plot", type=Path, default=PLOT, help="where to (%(default)s)")
    return parser.parse_args()


def telemetry_seconds(service: Service) -> float:
    """Processor seconds that its processes took for their metrics, by their own account."""
    pages = (f"{service.url}/metrics", f"http://{service.metrics}/metrics")
    texts = [httpx.get(page, timeout=60).raise_for_status().text for page in pages]
    return sum(float(value) for text in texts for value in COST.findall(text))


def measured(of: Callable[[], float]) -> Callable[[], float]:
    """What is added to this from now on."""
    before = of()
    return lambda: of() - before


def run(options: argparse.Namespace, folder: Path) -> bool:
    """Do all of it; whether everything was answered and nothing was too dear."""
    recording = sample_recording()
    clip = folder / "clip.wav"
    write_wav(clip, read_wav(recording)[: CLIP_SECONDS * SAMPLE_RATE], SAMPLE_RATE)
    progress("starting the service")
    with (
        Service(folder, {"HF_HUB_OFFLINE": "1"}) as service,
        running_prometheus(
            folder, service.url.removeprefix("http://"), service.metrics, SCRAPE_SECONDS
        ) as prometheus,
    ):
        cost = measured(lambda: telemetry_seconds(service))
        work = measured(lambda: sum(each.cpu_seconds() for each in service.processes))
        begin = time.time()
        load = Load(service.url, [recording, clip], options.clients)
        progress(f"{options.clients} clients send recordings for {options.minutes:g} minutes")
        load.run(60 * options.minutes)
        end = time.time()
        told, worked = cost(), work()
        empty = unanswered(prometheus, chain(of_dashboard(), of_rules()))
        asked = len([*of_dashboard(), *of_rules()])
        agrees = counted(prometheus, load)
        about = f"{sum(load.answers.values())} requests in {(end - begin) / 60:.1f} minutes"
        plot(options.plot, prometheus, begin, end, f"make dashboard: {about}")
    print(f"{about}: {dict(load.answers)}")
    print(f"{asked - len(empty)} of {asked} queries are answered; the plot is {options.plot}")
    for query in empty:
        print(f"no answer to «{query.where}»: {query.expression}")
    print(f"metrics took {told:.3f} of {worked:.0f} CPU seconds, {100 * told / worked:.3f} %")
    return agrees and not empty and told < MOST_COST * worked


def counted(prometheus: Prometheus, load: Load) -> bool:
    """Whether Prometheus has as many answers of each status as the clients had."""
    time.sleep(2 * SCRAPE_SECONDS)
    told = prometheus.query('sum by (status) (asr_requests_total{route=~"/asr|/detect.*|/v1.*"})')
    counts = {labels["status"]: int(value) for labels, value in told}
    gone = counts.pop("499", 0)
    answers = {status: count for status, count in load.answers.items() if status != "hung up"}
    if counts == answers and gone == load.answers["hung up"]:
        return True
    print(f"clients had {dict(load.answers)}, Prometheus has {counts} and {gone} that hung up")
    return False


def main() -> int:
    """Run the command.

    Returns:
        The exit status: 0 when everything was answered, agrees and was cheap, else 1.
    """
    options = arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        with tempfile.TemporaryDirectory(prefix="dashboard-") as folder:
            return 0 if run(options, Path(folder)) else 1
    except (StartError, PackageUnavailable) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
