"""``asr bench``: how fast a service is for recordings that come together, over HTTP only."""

import asyncio
import json
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from client.aio import AsyncClient
from client.batch.board import Board
from client.commands.options import Language, ModelName, Service, of_service
from client.commands.statuses import FAILED
from client.errors import ServiceError
from client.protocol.connection import ANSWER_SECONDS
from client.protocol.options import TranscribeOptions
from client.protocol.retries import Retries
from client.terminal import give, plain

HEADER = ("at once", "requests", "failed", "median s", "95 % s", "worst s", "× real time")


@dataclass(frozen=True)
class Measured:
    """So many requests, of which so many were under way together; times in seconds."""

    at_once: int
    requests: int
    failed: int
    median: float
    percentile_95: float
    worst: float
    real_time: float  # seconds of sound in a second, of all of them together

    @property
    def cells(self) -> tuple[str, ...]:
        """As a row of the table."""
        counts = (str(self.at_once), str(self.requests), str(self.failed))
        times = (f"{self.median:.2f}", f"{self.percentile_95:.2f}", f"{self.worst:.2f}")
        return (*counts, *times, f"{self.real_time:.1f}")


@click.command(short_help="Measure how fast a service answers.")
@click.argument("recording", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@of_service
@click.option(
    "--at-once",
    default="1,2,4",
    show_default=True,
    metavar="N,N...",
    help="How many requests are under way together: a row of the table for each number.",
)
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="For a row.")
@click.option("--language", type=Language(), help="Code or name; detected if left out.")
@click.option("--model", type=ModelName(), help="A Whisper of «asr models».")
@click.option("--no-diarize", is_flag=True, help="Do not say who speaks.")
@click.option("--timeout", type=float, default=ANSWER_SECONDS, show_default=True, help="Seconds.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def bench(
    recording: Path,
    url: str,
    api_key: str | None,
    at_once: str,
    rounds: int,
    language: str | None,
    model: str | None,
    no_diarize: bool,
    timeout: float,
    as_json: bool,
) -> int:
    """Measure how long a service takes for a RECORDING that is sent several times at once.

    A request's time is from its first byte sent to its answer's last.  Nothing that the service
    keeps of earlier ones is used, and nothing is repeated; one request goes before, unmeasured.
    «× real time» is how many seconds of sound all of them together take a second.
    """
    numbers = _numbers(at_once)
    options: TranscribeOptions = {
        "language": language,
        "model": model,
        "diarize": False if no_diarize else None,
        "reuse": False,
    }
    service = Service(url, api_key, timeout)
    rows = asyncio.run(_measure(service, recording, numbers, rounds, options))
    if as_json:
        give(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        for cells in (HEADER, *(row.cells for row in rows)):
            give(
                "  ".join(
                    f"{cell:>{len(title)}}" for cell, title in zip(cells, HEADER, strict=True)
                )
            )
    return FAILED if any(row.failed for row in rows) else 0


def _numbers(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() and 1 <= int(part) <= 256 for part in parts):
        raise click.UsageError(f"--at-once: {text!r} is no list of numbers from 1 to 256, as 1,2,4")
    return [int(part) for part in parts]


async def _measure(
    service: Service, recording: Path, numbers: list[int], rounds: int, options: TranscribeOptions
) -> list[Measured]:
    board = Board()
    async with service.async_client(Retries(times=0)) as client, board.shown():
        with board.row("the first one") as row:
            row.stage = "running"
            duration = (await client.transcribe(recording, **options)).duration
        measured = []
        for number in numbers:
            with board.row(f"{number} at once") as row:
                row.stage = "running"
                begun = time.monotonic()
                seconds: list[float] = []
                failed = 0
                for done in range(rounds):
                    row.part, row.note = done / rounds, f"{done} / {rounds} rounds"
                    asked = [_one(client, recording, options) for _ in range(number)]
                    for told in await asyncio.gather(*asked):
                        if isinstance(told, float):
                            seconds.append(told)
                        else:
                            failed += 1
                            board.say(f"asr: {plain(str(told))}")
                measured.append(
                    summary(number, seconds, failed, duration, time.monotonic() - begun)
                )
    return measured


async def _one(
    client: AsyncClient, recording: Path, options: TranscribeOptions
) -> float | ServiceError:
    begun = time.monotonic()
    try:
        await client.transcribe(recording, **options)
    except ServiceError as failure:
        return failure
    return time.monotonic() - begun


def summary(
    at_once: int, seconds: list[float], failed: int, duration: float, whole: float
) -> Measured:
    """What requests of so many seconds say, which took so long together.

    Args:
        duration: seconds of the recording.
        whole: from the beginning of the first to the end of the last one.
    """
    ordered = sorted(seconds) or [0.0]
    percentile = ordered[min(round(0.95 * (len(ordered) - 1)), len(ordered) - 1)]
    return Measured(
        at_once,
        len(seconds) + failed,
        failed,
        statistics.median(ordered),
        percentile,
        ordered[-1],
        duration * len(seconds) / whole if whole else 0.0,
    )
