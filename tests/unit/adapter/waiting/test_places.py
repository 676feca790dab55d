"""Places are given in the order of asking, and none of them is for one client alone."""

import asyncio
from contextlib import ExitStack

import pytest
from starlette.requests import Request

from adapter.waiting.places import KEY, Places, client_of
from pipeline.errors import Overloaded

FEW = 7  # too few for one to be spared


@pytest.fixture
def places():
    return Places(2, "recordings are being worked on", waiting=9)


def test_more_than_there_are_places_are_refused_until_one_is_given_back():
    places = Places(2, "uploads are on their way")
    with places.take("a"):
        with places.take("b"):
            for client in ("a", "c"):
                with pytest.raises(Overloaded, match=r"^2 uploads are on their way already$"):
                    places.check(client)
        places.check("c")


def test_one_client_leaves_an_eighth_of_the_places_to_others():
    places = Places(16, "uploads are on their way")
    with ExitStack() as held:
        for _ in range(14):
            held.enter_context(places.take("busy"))
        with pytest.raises(Overloaded, match=r"^14 uploads are on their way for this client"):
            places.check("busy")
        held.enter_context(places.take("other"))
        held.enter_context(places.take("another"))
        with pytest.raises(Overloaded, match=r"^16 uploads"):
            places.check("third")
    places.check("busy")


def test_of_few_places_one_client_may_have_all():
    places = Places(FEW, "x")
    with ExitStack() as held:
        for _ in range(FEW):
            held.enter_context(places.take("a"))


async def work(places: Places, client: str, order: list, done: asyncio.Event) -> None:
    async with places.wait(client):
        order.append(client)
        await done.wait()


def test_who_waits_gets_a_place_in_the_order_of_asking(places):
    async def run() -> list[str]:
        order, events = [], [asyncio.Event() for _ in range(5)]
        tasks = []
        for client, done in zip("abcde", events, strict=True):
            tasks.append(asyncio.create_task(work(places, client, order, done)))
            await asyncio.sleep(0)
        assert order == ["a", "b"]
        for done in events:
            done.set()
        await asyncio.gather(*tasks)
        return order

    assert asyncio.run(run()) == ["a", "b", "c", "d", "e"]
    places.check("a")


def test_who_may_have_no_more_lets_others_pass():
    places = Places(8, "x", waiting=9)

    async def run() -> list[str]:
        order, done = [], asyncio.Event()
        clients = ["a"] * 8 + ["b"]
        tasks = [asyncio.create_task(work(places, client, order, done)) for client in clients]
        await asyncio.sleep(0.01)
        seen = order.copy()
        done.set()
        await asyncio.gather(*tasks)
        assert order[8:] == ["a"]
        return seen

    assert asyncio.run(run()) == ["a"] * 7 + ["b"]


def test_so_many_may_wait_and_no_more_and_not_all_for_one_client():
    places = Places(1, "x", waiting=8)

    async def run() -> None:
        order, done = [], asyncio.Event()
        tasks = [asyncio.create_task(work(places, client, order, done)) for client in "a" * 8]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded, match=r"^1 x already, and 7 of this client wait$"):
            places.check("a")
        tasks.append(asyncio.create_task(work(places, "b", order, done)))
        await asyncio.sleep(0)
        for client in "bc":
            with pytest.raises(Overloaded, match=r"^1 x already, and 8 wait$"):
                async with places.wait(client):
                    pass
        done.set()
        await asyncio.gather(*tasks)
        assert order == [*"a" * 8, "b"]

    asyncio.run(run())


@pytest.mark.parametrize("granted", [False, True])
def test_who_leaves_the_queue_keeps_nothing(places, granted):
    async def run() -> None:
        with ExitStack() as held:
            held.enter_context(places.take("a"))
            held.enter_context(places.take("b"))
            task = asyncio.create_task(work(places, "c", [], asyncio.Event()))
            await asyncio.sleep(0)
            if granted:  # in the same moment
                held.close()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        with places.take("a"), places.take("b"):
            pass

    asyncio.run(run())


@pytest.mark.parametrize(
    ("host", "state", "client"),
    [
        ("192.0.2.7", {}, "192.0.2.7/32"),
        ("2001:db8:1:2:3::4", {}, "2001:db8:1:2::/64"),
        ("testclient", {}, "testclient"),
        ("192.0.2.7", {KEY: 2}, "key 2"),
    ],
)
def test_a_client_is_its_key_or_its_network(host, state, client):
    scope = {"type": "http", "client": (host, 1), "headers": [], "state": state}
    assert client_of(Request(scope)) == client


def test_a_socket_of_the_machine_has_no_address():
    assert client_of(Request({"type": "http", "client": None, "headers": []})) == ""
