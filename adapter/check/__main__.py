"""``python -m adapter.check``: does everything work here, on every card? A line for each thing.

Uses the service that answers at PORT, else starts its own on free ports. Provoked faults are for
its own only. Nothing of this was tried on a card before you do.
"""

import argparse
import logging
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from adapter.check import load, machine, networks, pieces, provoked
from adapter.check.lines import Line, Report, failed, left_out, passed
from adapter.check.reference import on_cpu
from adapter.check.target import NoService, Target, running
from pipeline.errors import WeightsUnavailable
from pipeline.settings import Settings, SettingsError, check_compute_type, read_settings

UNUSABLE_SETTINGS = 2  # exit status, as of make serve


def look(settings: Settings) -> Iterator[Line]:
    """Everything, one after the other."""
    yield from machine.cards(settings)
    try:
        check_compute_type(settings)
        with running(settings) as target:
            yield _service(target)
            yield from _inside(target)
    except NoService as error:
        yield failed("service", str(error), "the lines above are the end of its log")
    except SettingsError as error:
        yield failed("settings", str(error), "change the variable that is named")


def _service(target: Target) -> Line:
    how = (
        f"its own, started in {target.started_in:.0f} s"
        if target.is_own
        else f"the one at {target.url}"
    )
    about = target.about
    return passed(
        "service",
        f"{how}: Whisper {about['default_model']} on {about['device']}, "
        f"speakers by {about.get('diarization', 'the networks there are')}",
        about=about,
    )


def _inside(target: Target) -> Iterator[Line]:
    try:
        cut = pieces.cut()
    except WeightsUnavailable as error:
        yield left_out("networks", f"there is no recording to ask about: {error}")
        return
    yield from machine.compute_types(target)
    with tempfile.TemporaryDirectory(prefix="triton-asr-check-") as folder:
        reference = on_cpu(target, cut, Path(folder))
    yield from networks.compare(target, cut, reference)
    yield from load.memory(target)
    yield from machine.libraries(target)  # now that all of them have been opened
    yield from provoked.faults(target, cut)
    yield from load.speed(target)


def main() -> int:
    """Run the command; the exit status is 0 when everything that ran is as it should be."""
    parser = argparse.ArgumentParser(prog="make check", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document at the end")
    report = Report(parser.parse_args().json)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    os.umask(0o077)
    begin = time.monotonic()
    try:
        report.add(look(read_settings()))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return UNUSABLE_SETTINGS
    except KeyboardInterrupt:
        return 130
    return report.end(time.monotonic() - begin)


if __name__ == "__main__":
    sys.exit(main())
