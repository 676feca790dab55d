"""The log of every process of the service: text for people, or a JSON object a line for programs.

Each line that is written on behalf of a request has its id.
"""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

LogFormat = Literal["text", "json"]

# Whose work this thread or task does, if it is a request's.
REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
OURS = ("adapter", "pipeline")


class JsonFormatter(logging.Formatter):
    """One object a line: ``time`` (UTC), ``level``, ``source``, ``message`` and what else is known.

    What a call gives as ``extra={"fields": {…}}`` stands beside the message.
    """

    def __init__(self, source: str) -> None:
        """Args:
        source: which process this is.
        """
        super().__init__()
        self._source = source

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, object] = {
            "time": _utc(record),
            "level": record.levelname.lower(),
            "source": self._source,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := REQUEST_ID.get():
            line["request_id"] = request_id
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """``time level source [request id] message key=value …``."""

    def __init__(self, source: str) -> None:
        """Args:
        source: which process this is.
        """
        super().__init__()
        self._source = source

    def format(self, record: logging.LogRecord) -> str:
        """The line, and below it the way to an exception."""
        whose = f" [{request_id}]" if (request_id := REQUEST_ID.get()) else ""
        fields = "".join(f" {key}={_text(value)}" for key, value in _flat(record))
        begin = f"{_utc(record)} {record.levelname} {self._source}{whose}"
        line = f"{begin} {record.getMessage()}{fields}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def formatter_of(log_format: LogFormat, source: str) -> logging.Formatter:
    """What writes the lines of this format."""
    return JsonFormatter(source) if log_format == "json" else TextFormatter(source)


def configure(log_format: LogFormat, level: str, source: str) -> None:
    """Write our own lines, from this level on, and the warnings of libraries to standard error.

    Who has set up logging already keeps what he has.

    Args:
        source: which process this is: ``adapter``, or the name of a model.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(formatter_of(log_format, source))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())


@contextmanager
def on_behalf_of(request_id: str | None) -> Iterator[None]:
    """What is logged here meanwhile is about this request."""
    token = REQUEST_ID.set(request_id)
    try:
        yield
    finally:
        REQUEST_ID.reset(token)


def _utc(record: logging.LogRecord) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{whole}.{int(record.msecs):03d}Z"


def _flat(record: logging.LogRecord) -> list[tuple[str, object]]:
    """The fields, and those inside of them by their own names."""
    fields: list[tuple[str, object]] = []
    for key, value in getattr(record, "fields", {}).items():
        fields += value.items() if isinstance(value, dict) else [(key, value)]
    return fields


def _text(value: object) -> str:
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    return json.dumps(text, ensure_ascii=False) if {*text} & {*' "=\n'} or not text else text
