"""The command ``asr``: transcripts of recordings from a service of triton-asr."""

import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

import click

from client.commands.bench import bench
from client.commands.check import check
from client.commands.completion import completion
from client.commands.jobs import jobs
from client.commands.live import live
from client.commands.service import health, models
from client.commands.statuses import INTERRUPTED, explained, status_of
from client.commands.transcribe import transcribe
from client.terminal import prepare_streams, say

DISTRIBUTIONS = ("triton-asr-client", "triton-asr")  # the client by itself, or with the service
BROKEN_PIPE = 141  # as shells have it for SIGPIPE


def _version() -> str:
    for name in DISTRIBUTIONS:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "unknown"


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(_version(), prog_name="asr")
def asr() -> None:
    """Transcripts of recordings, with speakers and times, from a service of triton-asr.

    \b
    asr transcribe meeting.m4a                         print who says what
    asr transcribe recordings/ --out transcripts/      a file for each recording
    asr live lecture.mp3 --language en                 print it while it is heard
    asr check                                          is the service all right?

    \b
    Environment:
      ASR_URL      where the service is, such as http://user:password@host:9000
      ASR_API_KEY  a key of the service's API_KEY
      NO_COLOR     no colours, on a terminal either

    \b
    Exit status:
      0    all is done
      1    the service refuses, fails or is not there; of several recordings, for one of them
      2    a file cannot be read or written, or the command line makes no sense
      130  interrupted with Ctrl-C
    """


for command in (transcribe, live, jobs, models, health, check, bench, completion):
    asr.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; gives the exit status (see ``asr --help``)."""
    prepare_streams()
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = asr.main(given, prog_name="asr", standalone_mode=False)
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return status_of(error)
    except (BrokenPipeError, SystemExit):
        # Whoever read has enough, which click tells so; Python would complain when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except Exception as failure:
        told = explained(failure)
        if told is None:
            raise
        say(told)
        return status_of(failure)


if __name__ == "__main__":
    sys.exit(main())
