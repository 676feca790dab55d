"""Transcripts on the screen: recordings that are waited for, a few at a time, in their order."""

import asyncio
import uuid
from collections.abc import Sequence
from pathlib import Path

import click

from client.aio import AsyncClient
from client.batch.board import Board, Row
from client.batch.files import Found, write
from client.batch.work import made, tell_of_retries
from client.commands.options import Service
from client.commands.statuses import FAILED, UNUSABLE, explained, status_of
from client.errors import ServiceError
from client.protocol.options import Options
from client.protocol.retries import Retries
from client.terminal import give, plain, speaker_colour
from client.text import clock, turns
from documents import Transcript

LOOK_SECONDS = 1.0
SCREEN = "-"


async def print_all(
    service: Service,
    recordings: Sequence[Found],
    kind: str,
    options: Options,
    at_once: int,
    json_file: str | None,
) -> int:
    """Print each transcript when it and those before it are there; gives the exit status."""
    board = Board()
    room = asyncio.Semaphore(at_once)
    client = service.async_client(Retries(on_retry=tell_of_retries(board)))

    async def text(found: Found) -> str:
        async with room:
            with board.row(found.name) as row:
                return await _text(client, found, kind, options, row)

    statuses = [0]
    async with client, board.shown():
        tasks = [asyncio.create_task(text(found)) for found in recordings]
        try:
            for found, task in zip(recordings, tasks, strict=True):
                try:
                    told = await task
                    with board.aside():
                        _give(told, found, kind, json_file, several=len(recordings) > 1)
                except (ServiceError, OSError) as failure:
                    if len(recordings) == 1:
                        raise
                    statuses.append(status_of(failure))
                    board.say(f"{explained(failure)} ({plain(found.name)})")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return FAILED if FAILED in statuses else UNUSABLE if UNUSABLE in statuses else 0


async def _text(client: AsyncClient, found: Found, kind: str, options: Options, row: Row) -> str:
    request_id = uuid.uuid4().hex
    watching = asyncio.create_task(_follow(client, request_id, row))
    try:
        if kind in ("txt", "json"):
            transcript = await client.transcribe(
                found.path, name=found.name, request_id=request_id, on_sent=row.sent, **options
            )
            return _coloured(transcript) if kind == "txt" else str(made(transcript, kind, ""))
        return await client.render(
            found.path, kind, name=found.name, request_id=request_id, on_sent=row.sent, **options
        )
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _follow(client: AsyncClient, request_id: str, row: Row) -> None:
    """Show how far a request is, as far as the service tells."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            told = await client.progress(request_id)
        except ServiceError:
            continue
        if told is not None:
            row.reached(told)


def _coloured(transcript: Transcript) -> str:
    colours: dict[str, str] = {}
    lines = []
    for turn in turns(transcript):
        label = ""
        if turn.speaker:
            colour = colours.setdefault(turn.speaker, speaker_colour(len(colours)))
            label = click.style(f"{plain(turn.speaker)}: ", fg=colour, bold=True)
        time = click.style(f"[{clock(turn.start)}]", dim=True)
        lines.append(f"{time} {label}{plain(turn.text)}")
    return "\n".join(lines or ["(nobody speaks)"]) + "\n"


def _give(text: str, found: Found, kind: str, json_file: str | None, several: bool) -> None:
    if json_file not in (None, SCREEN):
        write(Path(str(json_file)), text)
        return
    if several and kind == "txt":
        give(click.style(f"== {plain(found.name)}", bold=True))
    give(text, newline=False)
    if several and kind == "txt":
        give("")
