"""``make perf``: perf_analyzer's figures of the ensemble and of each leaf."""

import argparse
import logging
import re
import signal
import sys
import tempfile
import time
from pathlib import Path

from adapter.embedded.interpreter import InterpreterError
from adapter.embedded.sample import sample_recording
from benchmarks.audio.recordings import read_wav
from benchmarks.perf import report
from benchmarks.perf.inputs import MODELS
from benchmarks.perf.sweep import Plan, sweep
from benchmarks.perf.target import TargetError, found
from benchmarks.perf.tool import ToolError, bring, tool_at
from benchmarks.report import machine
from benchmarks.running.measure import STARTED, progress
from benchmarks.running.service import StartError
from pipeline.errors import PipelineError
from pipeline.settings import SettingsError, read_settings

RESULTS = Path(__file__).parents[1] / "results"
LEVELS = {"cpu": (1, 2, 4, 8), "cuda": (1, 4, 16, 32)}  # requests at once
QUICK_LEVELS = (1, 4)
MINUTES, QUICK_MINUTES = 14.0, 2.5  # of which the service's end takes the last seconds
LEVEL_SECONDS, QUICK_LEVEL_SECONDS = 15.0, 4.0
SHARED_MEMORY = {"none": (False,), "system": (True,), "both": (False, True)}
ADDRESS = re.compile(r"\[?[\w.:-]+\]?:\d+", re.ASCII)


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.perf", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of all, within 3 minutes")
    parser.add_argument(
        "--url",
        type=_address,
        metavar="HOST:PORT",
        help="the gRPC of a Triton elsewhere (TRITON_SECRET opens its shared memory); "
        "otherwise the service at PORT is measured, or one that is started for it",
    )
    parser.add_argument("--only", action="append", choices=MODELS, help="may be repeated")
    parser.add_argument("--concurrency", type=_levels, metavar="N,N", help="requests at once")
    parser.add_argument(
        "--shared-memory",
        choices=SHARED_MEMORY,
        default="none",
        help="how audio goes to Triton; system and both take from others what they have lent it",
    )
    parser.add_argument("--minutes", type=float, help=f"in all ({MINUTES:g}, or {QUICK_MINUTES:g})")
    parser.add_argument("--tool", type=Path, help="a perf_analyzer that is there already")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where files are written")
    return parser.parse_args(given)


def _address(text: str) -> str:
    if not ADDRESS.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no host:port of a Triton's gRPC")
    return text


def _levels(text: str) -> tuple[int, ...]:
    if not re.fullmatch(r"[1-9]\d{0,3}(,[1-9]\d{0,3})*", text):
        raise argparse.ArgumentTypeError(f"{text!r} are no numbers such as 1,2,4")
    return tuple(sorted({int(number) for number in text.split(",")}))


def run(options: argparse.Namespace) -> bool:
    """Measure, and report whatever was measured; whether nothing failed."""
    minutes = options.minutes or (QUICK_MINUTES if options.quick else MINUTES)
    settings = read_settings()
    tool = tool_at(options.tool) if options.tool else bring(settings)
    progress(f"perf_analyzer {tool.version}")
    audio = read_wav(sample_recording())
    models = list(dict.fromkeys(options.only or MODELS))
    rows = []
    about: dict[str, object] = {**machine(), "perf_analyzer": tool.version}
    with tempfile.TemporaryDirectory(prefix="perf-") as work:
        folder = Path(work)
        with found(settings, options.url, folder, models) as target:
            device = target.device()
            about |= {"measured": target.what, "device": device}
            levels = options.concurrency or (QUICK_LEVELS if options.quick else LEVELS[device])
            plan = Plan(
                models=models,
                levels=levels,
                shared_memory=SHARED_MEMORY[options.shared_memory],
                level_seconds=QUICK_LEVEL_SECONDS if options.quick else LEVEL_SECONDS,
                end=STARTED + 60 * minutes,
            )
            try:
                for row in sweep(plan, target, tool, audio, settings, folder):
                    rows.append(row)
            finally:
                about["minutes"] = round((time.monotonic() - STARTED) / 60, 1)
                rows = report.in_order(rows)
                report.write(options.results, rows, about)
                print(", ".join(f"{key}: {value}" for key, value in about.items()))
                print(f"\n{report.table(rows)}")
                progress(f"perf.csv, perf.md and perf.svg are in {options.results}")
    return all(row.figures for row in rows)


def main() -> int:
    """Run the command.

    Returns:
        The exit status: 0 when everything that was asked for was measured, else 1.
    """
    options = arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # The service is ended on the way out, whatever ends this.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    try:
        return 0 if run(options) else 1
    except (
        *(InterpreterError, PipelineError, SettingsError),
        *(StartError, TargetError, ToolError),
    ) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
