"""``asr transcribe``: recordings into transcripts, on the screen or in files."""

import asyncio
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from client.batch.board import Board
from client.batch.files import Found, find
from client.batch.memory import Memory
from client.batch.watching import listed, watch
from client.batch.work import Wanted, Work, tell_of_retries
from client.commands.options import (
    Formats,
    Language,
    ModelName,
    Service,
    Speakers,
    of_service,
)
from client.commands.printing import print_all
from client.commands.statuses import FAILED, INTERRUPTED, UNUSABLE
from client.protocol.connection import ANSWER_SECONDS
from client.protocol.options import Options
from client.protocol.retries import Retries
from client.terminal import say

STANDARD_INPUT = "-"
UPLOAD_SECONDS = 3600.0  # what the service gives one


def asked(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a transcription."""
    for option in reversed(
        (
            click.option("--language", type=Language(), help="Code or name; detected if left out."),
            click.option("--model", type=ModelName(), help="A Whisper of «asr models»."),
            click.option(
                "--speakers",
                type=Speakers(),
                help="How many people speak: 3, 2..6, 2.. or ..6; found out if left out.",
            ),
            click.option("--no-diarize", is_flag=True, help="Do not say who speaks."),
            click.option(
                "--task",
                type=click.Choice(["transcribe", "translate"]),
                help="translate is into English.",
            ),
            click.option("--initial-prompt", metavar="TEXT", help="What was said before."),
            click.option("--hotwords", metavar="WORDS", help="Words to expect, such as names."),
            click.option("--num-speakers", type=int, hidden=True),
            click.option("--min-speakers", type=int, hidden=True),
            click.option("--max-speakers", type=int, hidden=True),
        )
    ):
        function = option(function)
    return function


@click.command(short_help="Say who says what in recordings.")
@click.argument("recordings", nargs=-1, required=True, metavar="FILE|FOLDER|-...")
@of_service
@asked
@click.option(
    "--format",
    "kinds",
    type=Formats(),
    default="txt",
    show_default=True,
    help="Formats, with commas between them; several need --out.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write files into this folder, and remember there what is done.",
)
@click.option(
    "--jobs",
    "at_once",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    help="How many recordings are under way at once.",
)
@click.option("--watch", "watching", is_flag=True, help="Go on with what comes into the folders.")
@click.option("--keep-jobs", is_flag=True, help="Leave what is written with the service as well.")
@click.option("--json", "json_file", metavar="FILE", help="JSON into this file, - for the screen.")
@click.option(
    "--timeout",
    type=float,
    help=f"Seconds that an answer may take ({ANSWER_SECONDS:g}), with --out an upload (3600).",
)
def transcribe(
    recordings: tuple[str, ...],
    url: str,
    api_key: str | None,
    kinds: tuple[str, ...],
    out: Path | None,
    at_once: int,
    watching: bool,
    keep_jobs: bool,
    json_file: str | None,
    timeout: float | None,
    **given: Any,
) -> int:
    """Say who says what in recordings: files of any usual format, videos, all of those in
    folders, or - for standard input.

    Without --out, transcripts are printed, and nothing is left anywhere.

    With --out, they become files in that folder, by the recordings' names.  Each recording is a
    job of the service: when the connection breaks, the service is started again or the command
    is interrupted, it goes on, and the same command fetches it.  What is done already is left
    alone; .asr in the folder remembers it by the recordings' contents.

    \b
    asr transcribe meeting.m4a
    asr transcribe meeting.m4a --speakers 2..6 --format srt > meeting.srt
    asr transcribe recordings/ --out transcripts/ --format txt,docx
    asr transcribe inbox/ --out transcripts/ --watch
    ffmpeg -i film.mkv -f wav - | asr transcribe - --language de
    """
    options = options_of(given)
    if json_file is not None:
        if len(recordings) > 1 or out is not None:
            raise click.UsageError(
                "--json is for one recording; for more, give --format json --out"
            )
        kinds = ("json",)
    if watching and out is None:
        raise click.UsageError("--watch needs --out, the folder for the transcripts")
    if watching and STANDARD_INPUT in recordings:
        raise click.UsageError("--watch is for folders; standard input ends")
    if out is None and (len(kinds) > 1 or "docx" in kinds):
        raise click.UsageError(f"--format {','.join(kinds)} needs --out, the folder for the files")
    service = Service(url, api_key, timeout or (UPLOAD_SECONDS if out else ANSWER_SECONDS))
    try:
        if out is not None and watching:
            wanted = Wanted(kinds, options, at_once, keep_jobs, goes_on=True)
            folders = [Path(name) for name in recordings]
            return asyncio.run(_write_all(service, watch(folders), out, wanted))
        with found_in(recordings) as found:
            if out is None:
                return asyncio.run(print_all(service, found, kinds[0], options, at_once, json_file))
            wanted = Wanted(kinds, options, at_once, keep_jobs)
            return asyncio.run(_write_all(service, listed(found), out, wanted))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return INTERRUPTED


async def _write_all(
    service: Service, recordings: AsyncIterator[Found], out: Path, wanted: Wanted
) -> int:
    end_when_asked()
    board = Board()
    out.mkdir(parents=True, exist_ok=True)
    retries = Retries(on_retry=tell_of_retries(board))
    if wanted.goes_on:
        retries = retries.patient()  # nobody is there to try again
    async with service.async_client(retries) as client:
        work = Work(client, Memory(out), board, wanted)
        try:
            async with board.shown():
                await work.on_all(recordings)
        except asyncio.CancelledError:
            if work.under_way:
                count = len(work.under_way)
                goes, them = ("goes", "it") if count == 1 else ("go", "them")
                say(
                    f"asr: interrupted; {count} of them {goes} on at the service, and the same "
                    f"command fetches {them}"
                )
            raise
    tally = work.tally
    counts = {"done": tally.done, "there already": tally.skipped}
    counts["failed"] = tally.failed + tally.unreadable
    if sum(counts.values()) > 1:
        say("asr: " + ", ".join(f"{count} {name}" for name, count in counts.items() if count))
    return FAILED if tally.failed else UNUSABLE if tally.unreadable else 0


def end_when_asked() -> None:
    """Take SIGTERM, by which a system ends what it has started, for Ctrl-C."""
    task = asyncio.current_task()
    if task is not None:
        with suppress(NotImplementedError, RuntimeError):  # Windows, or another thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


@contextmanager
def found_in(recordings: Sequence[str]) -> Iterator[list[Found]]:
    """The recordings that are named; standard input is a file meanwhile.

    Raises:
        OSError: one is not there.
        click.UsageError: there are none.
    """
    with tempfile.TemporaryDirectory(prefix="asr-") as folder:
        found: list[Found] = []
        if STANDARD_INPUT in recordings:
            if sys.stdin.isatty():
                raise click.UsageError("- is for a recording that is piped into the command")
            spooled = Path(folder, "stdin")
            with spooled.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
            found.append(Found(spooled, Path("stdin"), given=STANDARD_INPUT))
        found += find(Path(name) for name in recordings if name != STANDARD_INPUT)
        if not found:
            raise click.UsageError(f"there are no recordings in {', '.join(recordings)}")
        yield found


def options_of(given: dict[str, Any]) -> Options:
    """What was asked for on the command line."""
    least, most = given["speakers"] or (None, None)
    exactly = least if least == most else None
    options: Options = {
        "language": given["language"],
        "task": given["task"],
        "model": given["model"],
        "initial_prompt": given["initial_prompt"],
        "hotwords": given["hotwords"],
        "diarize": False if given["no_diarize"] else None,
        "num_speakers": given["num_speakers"] or exactly,
        "min_speakers": given["min_speakers"] or (None if exactly else least),
        "max_speakers": given["max_speakers"] or (None if exactly else most),
    }
    return options
