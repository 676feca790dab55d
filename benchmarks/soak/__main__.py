"""``make soak``: half an hour of mixed load and deaths, and whether anything has grown since.

First a warm-up, in which each model's process dies once; then the service is
left alone for a minute and looked at; then load and deaths, Triton's and the
adapter's included; then it is left alone and looked at again.
"""

import argparse
import logging
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

from adapter.embedded.interpreter import InterpreterError
from adapter.triton.secret import find
from benchmarks.report import machine
from benchmarks.running.measure import STARTED, progress
from benchmarks.running.service import Service, StartError
from benchmarks.soak import report
from benchmarks.soak.clients import Clients, listen
from benchmarks.soak.deaths import Deaths
from benchmarks.soak.recordings import LENGTHS, make
from benchmarks.soak.remains import SETTLE_SECONDS, Looker, Remains, checks
from pipeline.errors import PipelineError
from pipeline.settings import SettingsError

RESULTS = Path(__file__).parents[1] / "results"
MINUTES, CLIENTS, DEATH_SECONDS = 30.0, 3, 60.0
WARM_UP = 0.35  # of the time: ten deaths, of nine models
LOOK_SECONDS = 5.0


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of load, in all")
    parser.add_argument("--clients", type=int, default=CLIENTS, help="at once")
    parser.add_argument(
        "--every", type=float, default=DEATH_SECONDS, help="seconds between two deaths"
    )
    parser.add_argument(
        "--longest", type=int, default=max(LENGTHS), help="seconds that a recording lasts at most"
    )
    parser.add_argument("--seed", type=int, default=1, help="of what the clients choose")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where files are written")
    return parser.parse_args(given)


class Watch:
    """Looks every few seconds, in a thread."""

    def __init__(self, looker: Looker) -> None:
        self.looks: list[Remains] = []
        self._looker = looker
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            self.looks.append(self._looker.look())

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()


def run(options: argparse.Namespace) -> bool:
    """Soak, and report; whether all was answered rightly and nothing has grown."""
    with tempfile.TemporaryDirectory(prefix="soak-") as work:
        folder, temporary = Path(work), Path(work, "temporary")
        temporary.mkdir()
        progress("making recordings")
        recordings = make(folder, options.longest)
        progress("starting the service on ports of its own")
        variables = {"TMPDIR": str(temporary), "DATA_DIR": str(folder / "data")}
        with Service(folder, variables) as service:
            return _soak(options, service, recordings, folder)


def _soak(options: argparse.Namespace, service: Service, recordings: list, folder: Path) -> bool:
    def secret() -> str | None:
        return find(int(service.triton.rpartition(":")[2]))

    def clock() -> float:
        return time.monotonic() - STARTED

    looker = Looker(lambda: service.processes, service.triton_http, secret, folder, STARTED)
    deaths = Deaths(lambda: service.processes, secret, options.every, options.seed)
    audio_seconds, wrong, outcomes = 0.0, [], None
    seconds = 60 * options.minutes
    idle = []
    progress("hearing what each recording says")
    expected = listen(service.url, recordings)
    with Watch(looker) as watch:
        for name, lasts, servers in (
            ("warming up", WARM_UP * seconds, False),
            ("load", (1 - WARM_UP) * seconds, True),
        ):
            seed = options.seed + servers
            clients = Clients(service.url, recordings, expected, options.clients, seed)
            progress(f"{name} for {lasts / 60:.0f} min")
            clients.start()
            try:
                deaths.run(lasts, clock, servers)
            finally:
                clients.stop()
            audio_seconds += clients.audio_seconds
            wrong += clients.wrong
            outcomes = clients.outcomes if outcomes is None else outcomes + clients.outcomes
            progress("leaving it alone")
            time.sleep(SETTLE_SECONDS)
            idle.append(looker.look())
    found = checks(*idle, deaths.of_models)
    about = {
        **machine(),
        "minutes": round(clock() / 60, 1),
        "deaths": len(deaths.all),
        "audio hours": round(audio_seconds / 3600, 2),
        **dict(sorted(outcomes.items())),
    }
    told = ", ".join(f"{key}: {value}" for key, value in about.items())
    report.write(options.results, watch.looks, deaths.all, found, told)
    print(f"{told}\n\n{report.table(found)}")
    for each in wrong:
        print(each)
    progress(f"soak.md, soak.csv and soak.svg are in {options.results}")
    return not wrong and all(each.holds for each in found)


def main() -> int:
    """Run the command.

    Returns:
        The exit status: 0 when all is as it should be, else 1.
    """
    options = arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # The service is ended on the way out, whatever ends this.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    try:
        return 0 if run(options) else 1
    except (InterpreterError, PipelineError, SettingsError, StartError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
