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

    def __init__(self, number: int, what: str, waiting: int = 0) -> None:
        """Args:
        number: How many there are.
        what: Who has them, for the error: «recordings are being worked on».
        waiting: How many more may wait for one.
        """
        self._number = number
        self._share = _share(number)
        self._what = what
        self._most_waiting = waiting
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
        """See whether this client would get a place, now or in time.

        Raises:
            Overloaded: neither is there one, nor room among those who wait for one.
        """
        try:
            self._check_free(client)
        except Overloaded as full:
            if not self._most_waiting:
                raise
            waiting, mine = len(self._waiting), list(self._waiting.values()).count(client)
            if waiting >= self._most_waiting:
                raise Overloaded(f"{full}, and {waiting} wait") from None
            if mine >= _share(self._most_waiting):
                raise Overloaded(f"{full}, and {mine} of this client wait") from None

    def _check_free(self, client: str) -> None:
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
        self._check_free(client)
        self._taken[client] += 1
        try:
            yield
        finally:
            self._give_back(client)

    @contextlib.asynccontextmanager
    async def wait(self, client: str) -> AsyncIterator[None]:
        """Have a place as soon as there is one.

        Raises:
            Overloaded: too many wait already.
        """
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(self.take(client))
            except Overloaded:
                self.check(client)
                await self._turn(client)
                held.callback(self._give_back, client)
            yield

    async def _turn(self, client: str) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting[turn] = client
        try:
            await asyncio.wait({turn})
        except asyncio.CancelledError:
            self._waiting.pop(turn, None)
            if turn.done():
                self._give_back(client)
            raise

    def _give_back(self, client: str) -> None:
        self._taken[client] -= 1
        if not self._taken[client]:
            del self._taken[client]
        for turn, waiting in list(self._waiting.items()):
            with contextlib.suppress(Overloaded):
                self._check_free(waiting)
                self._taken[waiting] += 1
                del self._waiting[turn]
                turn.set_result(None)


def _share(number: int) -> int:
    """How many of so many one client may have."""
    return number - number // SPARE_PART


def owner_of(request: Request) -> str:
    """Whose work this request may see: a key's, or everybody's where there are none."""
    return getattr(request.state, KEY, "")


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
