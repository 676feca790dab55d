"""Places that are few, none of them for one client alone."""

import asyncio
import contextlib
import ipaddress
from collections import Counter
from collections.abc import AsyncIterator, Iterator

from starlette.requests import Request

from pipeline.errors import Overloaded

SPARE_PART = 8  # of this many places one is for others than the busiest client
UPLOADS_FOR_A_PLACE = 4  # on their way, for each recording that may be worked on
KEY = "api_key"  # in a request's state: whose key it was let in with
NETWORK_BITS = {4: 32, 6: 64}  # of an address; a household has a /64 of its own


class Places:
    """A number of places; whoever waits for one gets it in the order of asking."""

    def __init__(self, number: int, what: str) -> None:
        """Args:
        number: How many there are.
        what: Who has them, for the error: «recordings are being worked on».
        """
        self._number = number
        self._share = number - number // SPARE_PART
        self._what = what
        self._taken: Counter[str] = Counter()
        self._waiting: dict[asyncio.Future[None], str] = {}

    @property
    def number(self) -> int:
        """How many there are."""
        return self._number

    @property
    def taken(self) -> int:
        """How many somebody has."""
        return self._taken.total()

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return len(self._waiting)

    def check(self, client: str) -> None:
        """See whether there is a place for this client just now.

        Raises:
            Overloaded: there is none.
        """
        if self._taken.total() >= self._number:
            raise Overloaded(f"{self._number} {self._what} already")
        if self._taken[client] >= self._share:
            raise Overloaded(f"{self._share} {self._what} for this client already")

    @contextlib.contextmanager
    def take(self, client: str) -> Iterator[None]:
        """Have a place.

        Raises:
            Overloaded: there is none.
        """
        self.check(client)
        self._taken[client] += 1
        try:
            yield
        finally:
            self._give_back(client)

    @contextlib.asynccontextmanager
    async def wait(self, client: str, seconds: float) -> AsyncIterator[None]:
        """Have a place as soon as there is one.

        Raises:
            Overloaded: there was none within so many seconds.
        """
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(self.take(client))
            except Overloaded:
                await self._turn(client, seconds)
                held.callback(self._give_back, client)
            yield

    async def _turn(self, client: str, seconds: float) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting[turn] = client
        try:
            # Not wait_for, which forgets a cancellation that comes with the result (3.11).
            await asyncio.wait({turn}, timeout=seconds)
        except asyncio.CancelledError:
            if self._has_come(turn):
                self._give_back(client)
            raise
        if not self._has_come(turn):
            raise Overloaded(f"no place was free within {seconds:g} seconds")

    def _has_come(self, turn: asyncio.Future[None]) -> bool:
        self._waiting.pop(turn, None)
        return turn.done()

    def _give_back(self, client: str) -> None:
        self._taken[client] -= 1
        if not self._taken[client]:
            del self._taken[client]
        for turn, waiting in list(self._waiting.items()):
            with contextlib.suppress(Overloaded):
                self.check(waiting)
                self._taken[waiting] += 1
                del self._waiting[turn]
                turn.set_result(None)


def client_of(request: Request) -> str:
    """Who sends this request: a key, or where there are none an address or its network."""
    key = getattr(request.state, KEY, None)
    if key is not None:
        return f"key {key}"
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(ipaddress.ip_network((address, NETWORK_BITS[address.version]), strict=False))
