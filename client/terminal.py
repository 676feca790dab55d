"""What a terminal is shown: colours where there is one, and nothing that could command it."""

import io
import os
import sys
import unicodedata
from typing import TextIO

import click

JOINERS = "\u200c\u200d"  # Persian and Hindi are not written without
NO_COLUMN = ("Mn", "Me", "Cf")
SPEAKER_COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "red")


def is_terminal(stream: TextIO) -> bool:
    """Whether somebody reads it as it is written."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def has_colours(stream: TextIO) -> bool:
    """Whether colours are wanted there; NO_COLOR says that they are not."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def speaker_colour(number: int) -> str:
    """That of the first speaker, the second one, …"""
    return SPEAKER_COLOURS[number % len(SPEAKER_COLOURS)]


def plain(text: str) -> str:
    """A text of one line without what a terminal would take for a command, or turn around."""
    unknown = "\N{REPLACEMENT CHARACTER}"
    return "".join(letter if _is_harmless(letter) else unknown for letter in text)


def _is_harmless(letter: str) -> bool:
    is_space = unicodedata.category(letter) == "Zs"  # also those that do not break, as in French
    return letter.isprintable() or is_space or letter in JOINERS


def columns(text: str) -> int:
    """How wide a text is shown."""
    return sum(
        0
        if unicodedata.category(letter) in NO_COLUMN
        else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )


def fitted(text: str, width: int) -> str:
    """A text in exactly so many columns: filled with spaces, or cut with an ellipsis."""
    if columns(text) > width:
        while text and columns(text) > width - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (width - columns(text))


def prepare_streams() -> None:
    """Text that a terminal cannot show is no error, and in a pipe or a file text is UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            if stream.isatty():
                stream.reconfigure(errors="replace")
            else:
                stream.reconfigure(encoding="utf-8", errors="replace")


def say(text: str) -> None:
    """A line for whoever runs the command, beside what it gives."""
    click.echo(text, err=True, color=has_colours(sys.stderr))


def give(text: str, newline: bool = True) -> None:
    """Text that the command gives; with colours only where a terminal shows it."""
    click.echo(text, nl=newline, color=has_colours(sys.stdout))
