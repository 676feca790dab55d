"""Networks come and go in the background, and whoever uses one keeps it."""

import random
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import torch

from pipeline import network_pool
from pipeline.errors import (
    BrokenDevice,
    InvalidRequest,
    ModelLoading,
    Overloaded,
    PipelineError,
    WeightsUnavailable,
)
from pipeline.network_pool import LoadState, NetworkPool
from tests.waiting import until

SECONDS = 120  # that anything may take on a slow machine
TURNS = 50  # enough for the gap between two locks to be met


class Shelf:
    """What a pool loads: networks that are their own names, as slowly as the test wants."""

    def __init__(self) -> None:
        self.loaded: list[str] = []  # in memory, in the order of their arrival
        self.on_their_way: list[str] = []
        self.most = 0
        self.gates: dict[str, threading.Event] = {}
        self.failures: dict[str, Exception] = {}  # of fetching
        self.damages: dict[str, Exception] = {}  # that show when it is loaded
        self.fetched: list[str] = []

    def fetch(self, name: str) -> str:
        self.fetched.append(name)
        if name in self.gates:
            assert self.gates[name].wait(SECONDS)
        if name in self.failures:
            raise self.failures[name]
        return f"weights of {name}"

    def load(self, name: str, weights: object) -> str:
        assert weights == f"weights of {name}"
        if name in self.damages:
            raise self.damages[name]
        return name

    def report(self, name: str, state: LoadState) -> None:
        if state == "loaded":
            self.loaded.append(name)
        elif state == "gone":
            self.loaded.remove(name)
        else:
            (self.on_their_way.append if state == "loading" else self.on_their_way.remove)(name)
        self.most = max(self.most, len(self.loaded))

    def pool(self, most: int = 8, keep_alive: float = 0) -> NetworkPool[str]:
        return NetworkPool(self.fetch, self.load, most, keep_alive, self.report)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@contextmanager
def using(pool: NetworkPool[str], name: str) -> Iterator[str]:
    """A network in use, asked for again as a step does."""
    end = time.monotonic() + SECONDS
    with ExitStack() as held:
        while True:
            try:
                network = held.enter_context(pool.use(name))
                break
            except ModelLoading:
                assert time.monotonic() < end
                # At odd times, or two might take the network from each other for ever.
                time.sleep(random.uniform(0.001, 0.009))
        yield network


def use(pool: NetworkPool[str], name: str) -> str:
    with using(pool, name) as network:
        return network


def test_a_network_that_is_being_fetched_does_not_stop_others(shelf):
    pool = shelf.pool()
    pool.load_now("base")
    shelf.gates["large"] = threading.Event()
    for _ in range(3):
        with pytest.raises(ModelLoading, match="large"), pool.use("large"):
            pass
        assert use(pool, "base") == "base"
        assert use(pool, "small") == "small"
        assert shelf.on_their_way == ["large"]
    shelf.gates["large"].set()
    assert use(pool, "large") == "large"
    until(lambda: shelf.on_their_way == [])
    assert sorted(shelf.fetched) == ["base", "large", "small"]


def test_many_slow_downloads_stop_no_network_that_is_asked_for_later(shelf):
    pool = shelf.pool(most=16)
    slow = [f"slow-{number}" for number in range(8)]
    shelf.gates = {name: threading.Event() for name in slow}
    for name in slow:
        with pytest.raises(ModelLoading), pool.use(name):
            pass
    assert use(pool, "small") == "small"
    for gate in shelf.gates.values():
        gate.set()
    assert {use(pool, name) for name in slow} == set(slow)


def test_the_reason_why_a_network_cannot_be_had_reaches_everybody_and_is_looked_up_once(shelf):
    shelf.failures["none"] = InvalidRequest("there is no such model")
    pool = shelf.pool()
    for _ in range(3):
        with pytest.raises(InvalidRequest, match="no such model"):
            use(pool, "none")
    assert shelf.fetched == ["none"]


def test_a_network_that_could_not_be_had_is_tried_again_later(shelf, monkeypatch):
    monkeypatch.setattr(network_pool, "FAILURE_SECONDS", 0.05)
    shelf.failures["large"] = InvalidRequest("not yet")
    pool = shelf.pool()
    with pytest.raises(InvalidRequest):
        use(pool, "large")
    until(lambda: shelf.on_their_way == [])
    shelf.failures.clear()
    time.sleep(0.1)
    assert use(pool, "large") == "large"


def test_a_network_that_does_not_fit_into_memory_is_no_mistake_of_the_client(shelf):
    shelf.damages["large"] = RuntimeError("CUDA failed with error out of memory")
    with pytest.raises(Overloaded, match="no memory for the network 'large'"):
        use(shelf.pool(), "large")


def test_a_card_that_breaks_meanwhile_is_told_as_broken(shelf):
    """Whoever serves the pool ends the process for that, and for nothing that a client says."""
    shelf.damages["large"] = RuntimeError("CUDA error: unspecified launch failure")
    with pytest.raises(BrokenDevice, match="'large' was loaded: CUDA error"):
        use(shelf.pool(), "large")


def test_any_other_failure_is_told_with_the_name(shelf):
    shelf.damages["large"] = RuntimeError("unexpected end of file")
    with pytest.raises(PipelineError, match="'large' cannot be loaded: unexpected end of file"):
        use(shelf.pool(), "large")


def test_a_fetch_that_fails_for_whatever_reason_may_succeed_later(shelf):
    shelf.failures["large"] = ValueError("File is not a zip file")
    with pytest.raises(WeightsUnavailable, match="'large' cannot be fetched: File is not a zip"):
        use(shelf.pool(), "large")


def test_the_network_used_longest_ago_makes_room(shelf, monkeypatch):
    monkeypatch.setattr(network_pool, "IDLE_SECONDS", 0)
    pool = shelf.pool(most=2)
    for name in ("base", "small", "base", "large"):
        assert use(pool, name) == name
    assert shelf.loaded == ["base", "large"]
    assert use(pool, "small") == "small"
    assert shelf.loaded == ["large", "small"]
    assert shelf.most == 2


def test_a_network_in_use_stays_until_it_is_free(shelf, monkeypatch):
    monkeypatch.setattr(network_pool, "IDLE_SECONDS", 0)
    pool = shelf.pool(most=1)
    pool.load_now("base")
    with pool.use("base") as network:
        with pytest.raises(ModelLoading), pool.use("small"):
            pass
        # It leaves: nobody else may use it, or the other one would wait for ever.
        until(lambda: pool._residents["base"].unloading)
        with pytest.raises(ModelLoading), pool.use("base"):
            pass
        assert network == "base"
        assert shelf.loaded == ["base"]
    assert use(pool, "small") == "small"
    assert shelf.most == 1


def test_a_network_that_leaves_is_not_loaded_again_before_it_has_left(shelf, monkeypatch):
    monkeypatch.setattr(network_pool, "IDLE_SECONDS", 0)
    pool = shelf.pool(most=2)
    with using(pool, "base"):
        use(pool, "small")
        with pytest.raises(ModelLoading), pool.use("large"):
            pass
        until(lambda: pool._residents["base"].unloading)
        with pytest.raises(ModelLoading), pool.use("base"):
            pass
        until(lambda: "small" not in shelf.loaded)  # which made the room for it
        time.sleep(0.1)
        assert shelf.loaded.count("base") == 1
    assert use(pool, "base") == "base"
    assert use(pool, "large") == "large"
    assert shelf.most == 2


def test_those_that_do_not_fit_take_turns_and_are_never_there_together(shelf, monkeypatch):
    monkeypatch.setattr(network_pool, "TURN_SECONDS", 0)
    monkeypatch.setattr(network_pool, "_give_memory_back", lambda: None)  # nothing to give
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        pool = shelf.pool(most=1)
        served = {"base": 0, "small": 0, "large": 0}

        def keep_asking(name: str) -> None:
            while served[name] < TURNS:
                served[name] += use(pool, name) == name

        users = [threading.Thread(target=keep_asking, args=(name,)) for name in served]
        for user in users:
            user.start()
        for user in users:
            user.join(SECONDS)
    finally:
        sys.setswitchinterval(interval)
    assert set(served.values()) == {TURNS}
    assert shelf.most == 1


def test_the_card_gets_its_memory_back_once_a_network_is_gone(shelf, monkeypatch):
    class Network:
        """Something that a weak reference may be made to."""

    there: list[weakref.ref] = []
    given_back = []
    # No card is here: what is asked of torch, and when.
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(
        torch.cuda, "empty_cache", lambda: given_back.append([each() is None for each in there])
    )
    monkeypatch.setattr(network_pool, "IDLE_SECONDS", 0)

    def load(name: str, weights: object) -> Network:
        network = Network()
        there.append(weakref.ref(network))
        return network

    pool = NetworkPool(shelf.fetch, load, most=1)
    for name in ("base", "small"):
        with using(pool, name):
            pass
    assert given_back[0] == [True]


def test_while_all_are_in_use_whoever_wants_another_is_told_to_wait(shelf):
    pool = shelf.pool(most=1)
    pool.load_now("base")
    for _ in range(3):
        with pytest.raises(ModelLoading, match="small"), pool.use("small"):
            pass
        time.sleep(0.05)
    assert shelf.loaded == ["base"]


def test_nothing_is_kept_of_a_network_that_was_let_go():
    loaded = []
    pool = NetworkPool(
        lambda name: name,
        lambda name, weights: threading.Event(),
        most=1,
        keep_alive=0.05,
        on_load_change=lambda name, state: loaded.append(state),
    )
    network = weakref.ref(pool.load_now("base"))
    until(lambda: loaded == ["loaded", "gone"])
    assert network() is None


def test_what_nobody_uses_is_let_go_and_comes_back(shelf):
    pool = shelf.pool(keep_alive=0.1)
    with using(pool, "base"):
        time.sleep(0.3)
        assert shelf.loaded == ["base"]
    until(lambda: shelf.loaded == [])
    fetched = len(shelf.fetched)
    assert use(pool, "base") == "base"
    assert len(shelf.fetched) > fetched


def test_without_a_keep_alive_everything_stays(shelf):
    pool = shelf.pool()
    pool.load_now("base")
    time.sleep(0.2)
    assert use(pool, "base") == "base"
    assert shelf.fetched == ["base"]
