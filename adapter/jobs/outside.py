"""Requests to hosts that a client has named: only to those of FETCH_HOSTS, and bounded.

A name is resolved here and the address that was checked is the one that is spoken to, so that
nobody's name can stand for an address of this network a moment later; where an answer leads
elsewhere, all of it is checked again.
"""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import AsyncIterator, Mapping, Sequence

import httpx

from adapter.waiting.bounded import NotInTime, within
from pipeline.errors import InvalidRequest

REDIRECTS = 5
RESOLVE_SECONDS = 5.0
MOVED = {301, 302, 303, 307, 308}
MOVED_WITH_BODY = {307, 308}
PORTS = {"http": 80, "https": 443}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(InvalidRequest):
    """This host may not be spoken to."""


class Outside:
    """The hosts that are allowed, and a way to speak to them."""

    def __init__(self, allowed: Sequence[str], seconds: float) -> None:
        """Args:
        allowed: FETCH_HOSTS.
        seconds: without a sign of the other side, after which a request is given up.
        """
        self._networks = []
        self._names = []
        for entry in allowed:
            try:
                self._networks.append(ipaddress.ip_network(entry))
            except ValueError:
                self._names.append(entry)
        self._timeout = httpx.Timeout(seconds)

    async def check(self, url: str) -> tuple[httpx.URL, str]:
        """See whether a URL may be asked.

        Returns:
            The URL, and the address of its host.

        Raises:
            Refused: it may not; says why, and not which address it has.
        """
        try:
            target = httpx.URL(url)
        except (httpx.InvalidURL, ValueError):
            raise Refused("it is no URL") from None
        if target.scheme not in PORTS or not target.host:
            raise Refused("give a URL of http or https")
        if target.userinfo:
            raise Refused("a URL with a password in it is not used")
        if not self._networks and not self._names:
            raise Refused("no other hosts are spoken to here; FETCH_HOSTS is not set")
        addresses = await _resolve(target.raw_host.decode("ascii"), target)
        named = self._is_named(target.host.lower().rstrip("."))
        if not all(self._may_reach(address, named) for address in addresses):
            raise Refused("FETCH_HOSTS does not allow this host, or not with its address")
        return target, str(addresses[0])

    def _is_named(self, host: str) -> bool:
        return any(
            name in ("*", host) or (name.startswith("*.") and host.endswith(name[1:]))
            for name in self._names
        )

    def _may_reach(self, address: Address, named: bool) -> bool:
        plain = _plain(address)
        if any(plain in network for network in self._networks):
            return True
        return named and plain.is_global and not plain.is_multicast

    @contextlib.asynccontextmanager
    async def answer(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> AsyncIterator[httpx.Response]:
        """The answer of a URL, or of what it leads to; its body is still to be read.

        The headers are for the host that was named: another one does not get them.

        Raises:
            Refused: it may not be asked, or what it leads to.
            httpx.HTTPError: it does not answer.
        """
        own = dict(headers or {})
        async with httpx.AsyncClient(timeout=self._timeout, trust_env=False) as client:
            for _ in range(REDIRECTS + 1):
                target, address = await self.check(url)
                request = client.build_request(
                    method,
                    target.copy_with(host=address),
                    headers={"Accept-Encoding": "identity", **own, "Host": _host(target)},
                    content=content,
                    extensions={"sni_hostname": target.raw_host.decode("ascii")},
                )
                response = await client.send(request, stream=True)
                try:
                    moved = MOVED if method == "GET" else MOVED_WITH_BODY
                    location = response.headers.get("location")
                    if response.status_code not in moved or not location:
                        yield response
                        return
                    onward = target.join(location)
                finally:
                    await response.aclose()
                if (onward.scheme, onward.host, onward.port) != (
                    *(target.scheme, target.host, target.port),
                ):
                    own = {name: text for name, text in own.items() if name == "Content-Type"}
                url = str(onward)
            raise Refused(f"it leads elsewhere more than {REDIRECTS} times")


def _host(url: httpx.URL) -> str:
    return url.netloc.decode("ascii")


async def _resolve(host: str, url: httpx.URL) -> list[Address]:
    port = url.port or PORTS[url.scheme]
    loop = asyncio.get_running_loop()
    look = loop.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    try:
        found = await within(RESOLVE_SECONDS, look)
    except NotInTime:
        raise Refused("the address of its host could not be found in time") from None
    except (OSError, UnicodeError):
        raise Refused("its host has no address") from None
    return [ipaddress.ip_address(entry[4][0].partition("%")[0]) for entry in found]


def _plain(address: Address) -> Address:
    """The address that is meant by one of IPv6 which holds one of IPv4."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in ipaddress.ip_network("64:ff9b::/96"):
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address
