"""Which hosts may be spoken to, by their names and by the addresses behind these."""

import asyncio
import socket

import pytest

from adapter.jobs.outside import Outside, Refused


@pytest.fixture
def resolve(monkeypatch):
    """What names stand for; addresses stand for themselves."""

    def set_up(**names: list[str]) -> None:
        async def getaddrinfo(loop, host, port, **more):
            addresses = names.get(host.replace(".", "_"), [host])
            if not addresses:
                raise socket.gaierror
            return [(0, 0, 0, "", (address, port)) for address in addresses]

        monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)

    return set_up


def address(allowed: list[str], url: str) -> str:
    return asyncio.run(Outside(allowed, 5).check(url))[1]


def refused(allowed: list[str], url: str) -> str:
    with pytest.raises(Refused) as refusal:
        address(allowed, url)
    return str(refusal.value)


@pytest.mark.parametrize("allowed", ["*", "media.example.org", "*.example.org"])
def test_a_public_address_behind_an_allowed_name(resolve, allowed):
    resolve(media_example_org=["93.184.216.34"])
    assert address([allowed], "https://media.example.org/a.mp3") == "93.184.216.34"
    assert address([allowed], "https://MEDIA.example.org:8443/a.mp3") == "93.184.216.34"


@pytest.mark.parametrize("allowed", ["example.org", "*.media.example.org", "edia.example.org"])
def test_other_names_are_refused(resolve, allowed):
    resolve(media_example_org=["93.184.216.34"])
    assert "FETCH_HOSTS" in refused([allowed], "https://media.example.org/a.mp3")


@pytest.mark.parametrize(
    "private",
    [
        *("127.0.0.1", "10.1.2.3", "192.168.1.5", "172.16.0.1", "169.254.169.254", "0.0.0.0"),
        *("::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"),
        *("100.64.0.1", "224.0.0.1", "ff02::1", "255.255.255.255"),
    ],
)
def test_a_private_address_is_refused_whatever_it_is_called(resolve, private):
    resolve(media_example_org=[private], both_example_org=["93.184.216.34", private])
    for host in ("media.example.org", "both.example.org"):
        assert private not in refused(["*"], f"http://{host}/")
    literal = f"[{private}]" if ":" in private else private
    refused(["*"], f"http://{literal}/")


def test_a_private_network_may_be_allowed_as_such(resolve):
    resolve(nas_local=["192.168.1.5"], other_local=["192.168.2.5"])
    assert address(["192.168.1.0/24"], "http://nas.local/") == "192.168.1.5"
    assert address(["192.168.1.5"], "http://192.168.1.5:8080/") == "192.168.1.5"
    refused(["192.168.1.0/24"], "http://other.local/")
    refused(["192.168.1.0/24"], "http://93.184.216.34/")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("file:///etc/passwd", "http or https"),
        ("ftp://media.example.org/", "http or https"),
        ("media.example.org/a.mp3", "http or https"),
        ("http://", "http or https"),
        ("http://[::1/", "no URL"),
        ("http://user:secret@media.example.org/", "password"),
        ("http://nowhere.example.org/", "no address"),
    ],
)
def test_what_is_no_address_of_a_recording(resolve, url, why):
    resolve(nowhere_example_org=[])
    assert why in refused(["*"], url)


def test_where_nothing_is_allowed_no_name_is_looked_up(resolve, monkeypatch):
    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", None)
    assert "FETCH_HOSTS is not set" in refused([], "http://media.example.org/")
