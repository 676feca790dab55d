"""What both clients know of the service's address, and how connections fail."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from client.errors import ServiceError, TimedOutError, UnreachableError
from client.protocol.retries import Deadline, Retries

DEFAULT_URL = "http://localhost:9000"
ANSWER_SECONDS = 1800.0  # what Speakr waits; the service itself gives a long recording more
CONNECT_SECONDS = 10.0
STALL_SECONDS = 60.0  # in which the service wants to see more of an upload
SILENT_SECONDS = 45.0  # of events, of which the service sends one every 15
JOB_SECONDS = 25 * 3600.0  # the service gives a job 24 h of work

USER = re.compile(r"(?<=//)[^/@]*@")


@dataclass(frozen=True)
class Connection:
    """Where the service is, and who asks.

    Raises:
        ServiceError: the address or the key cannot be used.
    """

    url: str = DEFAULT_URL
    seconds: float = ANSWER_SECONDS
    api_key: str | None = field(default=None, repr=False)
    retries: Retries = field(default_factory=Retries)

    def __post_init__(self) -> None:
        if not re.match(r"https?://[^/]", self.url, re.IGNORECASE):
            raise UnreachableError(
                None, f"{self.shown!r} is no address; write it as http://host:9000"
            )
        if self.key and not (self.key.isascii() and self.key.isprintable()):
            raise ServiceError(None, "the API key has characters that no key has")

    @property
    def key(self) -> str | None:
        """The key that was given, or that of the environment."""
        return self.api_key or os.environ.get("ASR_API_KEY")

    @property
    def shown(self) -> str:
        """The address without a password."""
        return USER.sub("", self.url)

    @property
    def headers(self) -> dict[str, str]:
        """Of every request: the key has one of its own, as the URL's password may be a proxy's."""
        return {"X-API-Key": self.key} if self.key else {}

    @contextmanager
    def failures(self) -> Iterator[None]:
        """What goes wrong with the connection meanwhile, as this package's errors."""
        try:
            yield
        except httpx.ConnectTimeout:
            raise UnreachableError(None, f"{self.shown} cannot be reached: no answer") from None
        except httpx.TimeoutException:
            raise TimedOutError(None, f"no answer from {self.shown} in time") from None
        except (httpx.TransportError, httpx.DecodingError, httpx.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            raise UnreachableError(None, f"{self.shown} cannot be reached: {reason}") from None


def timeout(deadline: Deadline, silent: float | None = None) -> httpx.Timeout:
    """What each step of a request may take.

    Args:
        silent: seconds in which something has to come, where that is less than what is left.
    """
    left = deadline.left()
    return httpx.Timeout(
        left,
        connect=min(left, CONNECT_SECONDS),
        read=left if silent is None else min(left, silent),
        write=min(left, STALL_SECONDS),
    )
