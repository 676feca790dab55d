"""``python -m adapter.serve``: the whole service on this machine, until Ctrl-C.

Fetches the weights, assembles and starts Triton, starts the adapter, proves it
with one recording, and starts whichever of the two ends by itself again.
"""

import argparse
import logging
import os
import signal
import sys
import time

from adapter.embedded.interpreter import InterpreterError
from adapter.embedded.sample import sample_recording
from adapter.embedded.supervisor import AdapterFailed, Supervisor
from adapter.embedded.tritonserver import TritonFailed
from adapter.ports import check_ports
from client import Client, ServiceError
from client.text import speaker_lines
from pipeline.errors import PipelineError, WeightsUnavailable
from pipeline.settings import Settings, SettingsError, read_settings

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
UNUSABLE_SETTINGS = 2  # exit status

logger = logging.getLogger("adapter.serve")


def transcribe_sample(url: str, settings: Settings) -> None:
    """Send one recording through the service and print who said what."""
    try:
        sample = sample_recording()
    except WeightsUnavailable as error:
        logger.warning("sample: left out, as it cannot be fetched: %s", error)
        return
    logger.info("sample: transcribing 30 s of two people on a telephone line")
    begin = time.monotonic()
    key = next(iter(settings.owners), None)
    transcript = Client(url, api_key=key).transcribe(sample)
    logger.info("sample: took %.1f s\n", time.monotonic() - begin)
    for line in speaker_lines(transcript):
        logger.info("    %s", line)


def serve(settings: Settings, with_sample: bool) -> None:
    """Run the service until KeyboardInterrupt."""
    supervisor = Supervisor(settings)
    try:
        backend = supervisor.prepare()
        supervisor.start(backend)
        if with_sample:
            transcribe_sample(supervisor.url, settings)
        logger.info("\ntriton: its log is %s", supervisor.triton.log)
        url = supervisor.url
        logger.info("ready at %s (the page to use it: %s/ui); Ctrl-C ends it", url, url)
        supervisor.watch(backend)
    finally:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        logger.info("stopping")
        supervisor.stop()


def main() -> int:
    """Run the command.

    Returns:
        The exit status: 0 when asked to stop, 2 for settings that cannot be used, else 1.
    """
    parser = argparse.ArgumentParser(prog="python -m adapter.serve", description=__doc__)
    parser.add_argument("--no-sample", action="store_true", help="do not transcribe a recording")
    with_sample = not parser.parse_args().no_sample
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    for number in STOP_SIGNALS:
        signal.signal(number, _interrupt)
    os.umask(0o077)  # recordings in shared memory, logs and the cache are this user's own
    try:
        settings = read_settings()
        check_ports(settings)
        serve(settings, with_sample)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return UNUSABLE_SETTINGS
    except (InterpreterError, PipelineError, TritonFailed, AdapterFailed, ServiceError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
