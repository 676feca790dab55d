"""Server-sent events: bytes in, events out."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from client.protocol.calls import Json


@dataclass(frozen=True)
class Event:
    """One event, with its data, which is JSON here."""

    name: str
    data: Json


class EventReader:
    """Reads them as they come.  Lines end at line feeds only: others may stand in a text."""

    def __init__(self) -> None:
        self._rest = b""
        self._name = ""
        self._data: list[str] = []

    def feed(self, block: bytes) -> Iterator[Event]:
        """The events that are complete with these bytes."""
        *lines, self._rest = (self._rest + block).split(b"\n")
        for line in lines:
            event = self._read(line.removesuffix(b"\r").decode("utf-8", "replace"))
            if event is not None:
                yield event

    def _read(self, line: str) -> Event | None:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            self._name = value
        elif field == "data":
            self._data.append(value)
        elif not line and self._data:
            text, name = "\n".join(self._data), self._name
            self._name, self._data = "", []
            try:
                data = json.loads(text)
            except ValueError:
                return None  # such as OpenAI's «[DONE]»
            return Event(name, data) if isinstance(data, dict) else None
        return None
