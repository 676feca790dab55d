"""How far each recording is: a line for each on a terminal, redrawn in place; elsewhere nothing."""

import asyncio
import contextlib
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone

from client.results import Progress
from client.terminal import fitted, is_terminal, plain, say

REDRAW_SECONDS = 0.2
NAME_COLUMNS = 28
STAGE_COLUMNS = 13  # «transcription»
LEAST_BAR = 8
MOST_BAR = 30
MOST_ROWS = 20
FULL, EMPTY = "━", "─"
HIDE_CURSOR, SHOW_CURSOR, UP, CLEAR_BELOW = "\x1b[?25l", "\x1b[?25h", "\x1b[{}A", "\x1b[0J"


@dataclass
class Row:
    """One recording's line.

    Attributes:
        part: of it that is done, from 0 to 1; None where nobody can tell.
        note: what else there is to say.
    """

    name: str
    stage: str = "waiting"
    part: float | None = None
    note: str = ""

    def sent(self, done: int, whole: int) -> None:
        """So many bytes of it have been sent."""
        self.stage, self.part = "upload", done / max(whole, 1)
        self.note = f"{done / 1e6:.1f} / {whole / 1e6:.1f} MB"

    def reached(self, progress: Progress) -> None:
        """What the service says of it."""
        self.stage = progress.stage or progress.status or self.stage
        self.part, self.note = None, ""
        if progress.jobs_before:
            self.note = f"{progress.jobs_before} before it"
        if progress.seconds:
            self.part = progress.seconds_done / progress.seconds
            self.note = f"{minutes(progress.seconds_done)} / {minutes(progress.seconds)}"
        if progress.estimated_end:
            left = (progress.estimated_end - datetime.now(timezone.utc)).total_seconds()
            self.note += f", {minutes(max(left, 0))} left"

    def render(self, width: int) -> str:
        """The line, in so many columns at most."""
        text = f"{fitted(plain(self.name), NAME_COLUMNS)}  {fitted(self.stage, STAGE_COLUMNS)}"
        room = width - NAME_COLUMNS - STAGE_COLUMNS - len(self.note) - 7
        if self.part is not None and room >= LEAST_BAR:
            size = min(room, MOST_BAR)
            full = round(size * min(max(self.part, 0.0), 1.0))
            text += f"  {FULL * full}{EMPTY * (size - full)}"
        return fitted(f"{text}  {self.note}", width - 1).rstrip()


class Board:
    """The lines of what is under way.

    Attributes:
        is_shown: whether there is a terminal to show them on.
    """

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._drawn = 0
        self.is_shown = is_terminal(sys.stderr)

    @contextlib.contextmanager
    def row(self, name: str) -> Iterator[Row]:
        """A line while this lasts."""
        row = Row(name)
        self._rows.append(row)
        self._draw()
        try:
            yield row
        finally:
            self._rows.remove(row)

    def say(self, text: str) -> None:
        """A line above all of them, which stays."""
        self._erase()
        say(text)
        self._draw()

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Meanwhile something else may be written to the terminal."""
        self._erase()
        yield
        self._draw()

    @contextlib.asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """They are drawn again and again while this lasts, and are gone afterwards."""
        if not self.is_shown:
            yield
            return
        drawing = asyncio.create_task(self._keep_drawing())
        sys.stderr.write(HIDE_CURSOR)
        try:
            yield
        finally:
            drawing.cancel()
            self._erase()
            sys.stderr.write(SHOW_CURSOR)
            sys.stderr.flush()

    async def _keep_drawing(self) -> None:
        while True:
            self._draw()
            await asyncio.sleep(REDRAW_SECONDS)

    def _draw(self) -> None:
        if not self.is_shown:
            return
        size = shutil.get_terminal_size()
        rows = self._rows[: min(MOST_ROWS, max(size.lines - 2, 1))]
        drawn = "".join(f"{row.render(size.columns)}\n" for row in rows)
        sys.stderr.write(self._erasing() + drawn)  # at once, or it flickers
        sys.stderr.flush()
        self._drawn = len(rows)

    def _erase(self) -> None:
        sys.stderr.write(self._erasing())
        self._drawn = 0

    def _erasing(self) -> str:
        return f"{UP.format(self._drawn)}\r{CLEAR_BELOW}" if self._drawn else ""


def minutes(seconds: float) -> str:
    """``2:05``, or with hours ``1:02:05``."""
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
