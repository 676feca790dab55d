"""``make bench``: the table of what the service costs beside the reference."""

import argparse
import signal
import sys
import time
from pathlib import Path

from benchmarks import report
from benchmarks.bench import Bench
from benchmarks.groups import (
    accuracy,
    cards,
    clustering,
    community,
    fairness,
    full,
    long,
    memory,
    short,
)
from benchmarks.running.measure import progress
from pipeline.settings import read_settings

GROUPS = {
    "short": short.run,
    "accuracy": accuracy.run,
    "long": long.run,
    "fairness": fairness.run,
    "memory": memory.run,
    "community": community.run,
    "clustering": clustering.run,
    "cards": cards.run,
    "full": full.run,
}
RESULTS = Path(__file__).parent / "results"


def usual(is_full: bool, device: str) -> list[str]:
    """The groups that are due where nobody names some: on a card what is about cards.

    The others compare on the CPU, whatever DEVICE says.
    """
    if device == "cuda":
        return ["cards"]
    return [name for name in GROUPS if name != "cards" and (name != "full" or is_full)]


def main() -> int:
    """Run the command.

    Returns:
        The exit status: 0 when everything asked for was reached, else 1.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="also what takes hours")
    parser.add_argument("--rounds", type=int, default=3, help="of each comparison (3)")
    parser.add_argument(
        "--only", action="append", choices=GROUPS, metavar="NAME", help=", ".join(GROUPS)
    )
    arguments = parser.parse_args()
    chosen = arguments.only or usual(arguments.full, read_settings().torch_device)
    # The service and the workers are ended on the way out, whatever ends this.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    about = report.machine() | {"rounds": arguments.rounds, "groups": chosen}
    begin = time.monotonic()
    bench = Bench(arguments.rounds, arguments.full)
    try:
        with bench:
            for name in chosen:
                progress(f"--- {name}")
                GROUPS[name](bench)
    finally:
        about["minutes"] = round((time.monotonic() - begin) / 60, 1)
        report.write(RESULTS, bench.rows, bench.curves, about)
        print(", ".join(f"{key}: {value}" for key, value in about.items()))
        print(report.table(bench.rows))
    return 0 if all(row.reached is not False for row in bench.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
