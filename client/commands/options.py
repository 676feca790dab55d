"""Options that several commands have, and how their values are read."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from client.aio import AsyncClient
from client.errors import ServiceError
from client.http import Client
from client.protocol.connection import ANSWER_SECONDS, DEFAULT_URL
from client.protocol.retries import Retries

Command = TypeVar("Command", bound=Callable[..., Any])

COMPLETION_SECONDS = 2.0  # nobody waits longer for a TAB
FORMATS = ("txt", "srt", "vtt", "tsv", "json", "docx")
# Codes of the languages that are spoken most; the service knows them all, and their names.
LANGUAGES = "ar cs da de el en es fa fi fr he hi hu id it ja ko nl no pl pt ro ru sv th tr uk vi zh"


@dataclass(frozen=True)
class Service:
    """Where the service is, and who asks."""

    url: str
    api_key: str | None
    timeout: float = ANSWER_SECONDS

    def client(self, retries: Retries | None = None) -> Client:
        """A client that waits."""
        return Client(self.url, self.timeout, self.api_key, retries)

    def async_client(self, retries: Retries | None = None) -> AsyncClient:
        """A client for several things at once."""
        return AsyncClient(self.url, self.timeout, self.api_key, retries)


def of_service(command: Command) -> Command:
    """``--url`` and ``--api-key``."""
    command = click.option(
        "--api-key",
        metavar="KEY",
        envvar="ASR_API_KEY",
        show_envvar=True,
        help="A key of the service's API_KEY; in the variable no process list shows it.",
    )(command)
    return click.option(
        "--url",
        default=DEFAULT_URL,
        envvar="ASR_URL",
        show_envvar=True,
        show_default=True,
        help="Where the service is.",
    )(command)


class ModelName(click.ParamType[str]):
    """A model's id; a TAB asks the service which there are."""

    name = "name"

    def shell_complete(
        self, context: click.Context, parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The ids that begin like this; none if the service does not say."""
        url = context.params.get("url") or DEFAULT_URL
        key = context.params.get("api_key")
        try:
            with Client(url, COMPLETION_SECONDS, key, Retries(times=0)) as client:
                return [
                    CompletionItem(model.id)
                    for model in client.models()
                    if model.id.startswith(incomplete)
                ]
        except ServiceError:
            return []


class Language(click.ParamType[str]):
    """A code or a name, which the service checks; a TAB offers the most usual codes."""

    name = "code"

    def shell_complete(
        self, context: click.Context, parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The codes that begin like this."""
        return [CompletionItem(code) for code in LANGUAGES.split() if code.startswith(incomplete)]


class Speakers(click.ParamType[Any]):
    """How many people speak: ``3``, ``2..6``, ``2..`` or ``..6``; gives (least, most)."""

    name = "2..6"
    pattern = re.compile(r"(\d*)\.\.(\d*)|(\d+)")

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> tuple[int | None, int | None]:
        """Read it."""
        if isinstance(value, tuple):
            return value
        match = self.pattern.fullmatch(value.strip())
        if match is None or value.strip() == "..":
            self.fail(f"{value!r} is no number of people; write 3, 2..6, 2.. or ..6")
        if match[3]:
            return int(match[3]), int(match[3])
        least, most = (int(text) if text else None for text in match.group(1, 2))
        if least is not None and most is not None and least > most:
            self.fail(f"{value!r} begins above its end; write {most}..{least}")
        return least, most


class Formats(click.ParamType[Any]):
    """One format, or several with commas between them."""

    name = ",".join(FORMATS)

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> tuple[str, ...]:
        """Read it."""
        if isinstance(value, tuple):
            return value
        names = [name.strip().lower() for name in value.split(",") if name.strip()]
        names = ["txt" if name == "text" else name for name in names]
        for name in names:
            if name not in FORMATS:
                self.fail(f"{name!r} is no format; there are {', '.join(FORMATS)}")
        if not names:
            self.fail(f"name a format: {', '.join(FORMATS)}")
        return tuple(dict.fromkeys(names))

    def shell_complete(
        self, context: click.Context, parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Formats that are not named yet, behind those that are."""
        before, comma, last = incomplete.rpartition(",")
        return [
            CompletionItem(before + comma + name)
            for name in FORMATS
            if name.startswith(last) and name not in before.split(",")
        ]
