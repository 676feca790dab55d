"""A request, its answer, and what either client makes of an answer that is an error.

What the clients do is written once, as generators: they yield the calls that have to be made,
are sent the answers, and return what has come of it.  The clients differ in how they make a call.
"""

import json
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any, TypeVar

from client.errors import BY_STATUS, InvalidRequestError, ServiceError, UnavailableError
from client.protocol.recordings import Body, Sending

T = TypeVar("T")
Json = dict[str, Any]
DETAIL_LETTERS = 800


class Repeat(Enum):
    """When a call that failed may be made again."""

    ALWAYS = "it does the same however often it is made"
    IF_REFUSED = "only where the service says that it has done nothing"
    NEVER = "whoever asks wants to know how it is now"


@dataclass(frozen=True)
class Call:
    """One request.

    Attributes:
        seconds: what it may take, repetitions included; the client's own limit if None.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    json: Json | None = None
    body: Body | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float | None = None
    repeat: Repeat = Repeat.ALWAYS

    @contextmanager
    def sending(self, check: Callable[[], object]) -> Iterator[Sending | None]:
        """One attempt to send its body, if it has one; see :meth:`Body.sending`."""
        if self.body is None:
            yield None
        else:
            with self.body.sending(check) as content:
                yield content

    def headers_of(self, content: Sending | None) -> dict[str, str]:
        """Its own, and those of such an attempt."""
        if self.body is None or content is None:
            return dict(self.headers)
        return {**self.headers, **self.body.headers, "Content-Length": str(content.length)}


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def text(self) -> str:
        """The body as UTF-8, which is what the service writes."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Json:
        """The body, which has to be a JSON object.

        Raises:
            ServiceError: it is none; something else than the service has answered.
        """
        try:
            content = json.loads(self.content)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise ServiceError(self.status, f"not an answer of the service: {self.text[:200]!r}")
        return content

    def checked(self) -> "Answer":
        """The same.

        Raises:
            ServiceError: it says that something went wrong.
        """
        if not 200 <= self.status < 300:
            raise self.error
        return self

    @property
    def error(self) -> ServiceError:
        """What it says went wrong."""
        detail = _detail(self.content) or self.text.strip()[:200] or "no reason is given"
        kind = BY_STATUS.get(self.status)
        if kind is None:
            kind = InvalidRequestError if 400 <= self.status < 500 else ServiceError
        if issubclass(kind, UnavailableError):
            return kind(self.status, detail, _seconds(self.headers.get("retry-after")))
        return kind(self.status, detail)


Operation = Generator[Call, Answer, T]


def _detail(content: bytes) -> str | None:
    """The reason in an error's body, in the shape of any of the service's APIs."""
    try:
        told = json.loads(content)
    except ValueError:
        return None
    if not isinstance(told, dict):
        return None
    reason = told.get("detail") or told.get("error")
    if isinstance(reason, dict):
        reason = reason.get("message")
    return str(reason)[:DETAIL_LETTERS] if reason else None


def _seconds(retry_after: str | None) -> float | None:
    """``Retry-After``: a number of seconds, or a date."""
    if not retry_after:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max((moment - datetime.now(timezone.utc)).total_seconds(), 0.0)
