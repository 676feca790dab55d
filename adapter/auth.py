"""Who may use the service: whoever sends one of the keys of API_KEY.

The one place that knows how a key is sent.  A request without one is answered
before its body is read: nobody fills the disk without a key.
"""

import asyncio
import base64
import binascii
import contextlib
import hmac
from collections.abc import Collection, Iterable, Mapping

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapter.errors import Unauthorised
from adapter.waiting.places import KEY
from pipeline.errors import PipelineError

OPEN = ("/", "/health", "/ui")  # what Speakr and containers probe, and the page
PAGE = "/ui/"  # below it is what the page loads
# Scripts say this of their requests.  A challenge would make their browser ask for a password
# in a window of its own.
SCRIPTED = "x-requested-with"
SCRIPT_CHALLENGE = 'Bearer realm="triton-asr"'
RAW = "/v2/"  # below it clients of AssemblyAI send the key as the whole of Authorization
# A client that still sends when its connection is closed may not see the answer, and one that
# has no key is not to be read on for long.
LINGER_BYTES = 1 << 20
LINGER_SECONDS = 2.0

HOW = (
    "send a key of the service's API_KEY as 'Authorization: Bearer KEY', as 'X-API-Key: KEY' "
    "or as the password in the URL, http://user:KEY@host:port"
)


class RequireKey:
    """ASGI middleware that lets requests pass which hold one of the keys."""

    def __init__(
        self, app: ASGIApp, owners: Mapping[str, str], open_paths: Collection[str] = OPEN
    ) -> None:
        """Args:
        app: what is behind it.
        owners: whose each key is.
        open_paths: what is answered without a key.
        """
        self._app = app
        self._owners = {key.encode(): owner for key, owner in owners.items()}
        self._open_paths = open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        sent = sent_keys(scope["headers"], scope["path"].startswith(RAW))
        owner = self._admits(sent)
        if owner is not None:
            scope.setdefault("state", {})[KEY] = owner
        if owner is not None or self._is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        reason = "the API key that was sent is invalid" if sent else "an API key is missing"
        await _refuse(Unauthorised(f"{reason}; {HOW}"), scope, receive, send)

    def _is_open(self, path: str) -> bool:
        return path in self._open_paths or path.startswith(PAGE)

    def _admits(self, sent: Iterable[bytes]) -> str | None:
        """Whose key one of these is, or None.

        The time that it takes tells nothing of how nearly one was a key.
        """
        admitted = None
        for candidate in sent:
            for key, owner in self._owners.items():
                if hmac.compare_digest(candidate, key):
                    admitted = owner
        return admitted


def sent_keys(headers: Iterable[tuple[bytes, bytes]], raw: bool = False) -> list[bytes]:
    """What a request holds in the place of a key; headers that make no sense hold nothing.

    Args:
        headers: the request's.
        raw: whether Authorization may be the key itself.
    """
    keys = []
    for name, value in headers:
        if name == b"x-api-key":
            keys.append(value.strip())
        elif name == b"authorization":
            scheme, _, credentials = value.strip().partition(b" ")
            if scheme.lower() == b"bearer":
                keys.append(credentials.strip())
            elif scheme.lower() == b"basic":
                with contextlib.suppress(binascii.Error):
                    user, _, password = base64.b64decode(credentials).partition(b":")
                    keys.append(password or user)
            elif raw and not credentials:
                keys.append(scheme)
    return [key for key in keys if key]


async def _refuse(failure: Unauthorised, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer as if a route had raised this, and close the connection."""
    request = Request(scope)
    response = await request.app.exception_handlers[PipelineError](request, failure)
    response.headers["Connection"] = "close"
    if SCRIPTED in request.headers:
        response.headers["WWW-Authenticate"] = SCRIPT_CHALLENGE

    async def send_and_linger(message: Message) -> None:
        if message["type"] == "http.response.body":
            await send({**message, "more_body": True})
            # Who waits to be told to go on has been told enough.
            if "expect" not in request.headers:
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(_read_a_little(receive), LINGER_SECONDS)
            message = {"type": "http.response.body"}
        await send(message)

    await response(scope, receive, send_and_linger)


async def _read_a_little(receive: Receive) -> None:
    received = 0
    while received < LINGER_BYTES:
        message = await receive()
        received += len(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return
