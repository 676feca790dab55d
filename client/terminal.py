"""What a terminal is shown: colours where there is one, and nothing that could command it."""

import os
import sys
import unicodedata
from typing import TextIO

import click

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
    """A text of one line without what a terminal would take for a command."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def columns(text: str) -> int:
    """How wide a text is shown."""
    return sum(
        0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )


def fitted(text: str, width: int) -> str:
    """A text in exactly so many columns: filled with spaces, or cut with an ellipsis."""
    if columns(text) > width:
        while text and columns(text) > width - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (width - columns(text))


def say(text: str) -> None:
    """A line for whoever runs the command, beside what it gives."""
    click.echo(text, err=True, color=has_colours(sys.stderr))


def give(text: str, newline: bool = True) -> None:
    """Text that the command gives; with colours only where a terminal shows it."""
    click.echo(text, nl=newline, color=has_colours(sys.stdout))
