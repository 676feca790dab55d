"""Recordings take turns, and what fails or is dropped stays its own."""

import threading

import pytest

from pipeline.serving.fanout import FanOut


class Leaf:
    """Pieces that end when the test says so, in the order in which they were sent."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self._arrived = threading.Condition()
        self._gates: dict[str, threading.Event] = {}

    def piece(self, name: str):
        self._gates[name] = threading.Event()

        def call() -> str:
            with self._arrived:
                self.sent.append(name)
                self._arrived.notify_all()
            assert self._gates[name].wait(10)
            return name

        return call

    def wait_for(self, count: int) -> set[str]:
        """What has been sent, once it is so many pieces."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.sent) >= count, 10), self.sent
            return set(self.sent)

    def finish(self, *names: str) -> None:
        for name in names:
            self._gates[name].set()


def test_a_long_recording_fills_the_window_and_no_more():
    leaf, fan_out = Leaf(), FanOut(window=3)
    with fan_out.recording() as long:
        futures = [long.submit(leaf.piece(f"long {n}")) for n in range(5)]
        assert leaf.wait_for(3) == {"long 0", "long 1", "long 2"}
        leaf.finish("long 1")
        assert leaf.wait_for(4) == {"long 0", "long 1", "long 2", "long 3"}
        leaf.finish(*(f"long {n}" for n in range(5)))
        assert [future.result(10) for future in futures] == [f"long {n}" for n in range(5)]


def test_a_new_recording_is_sent_at_once_however_full_the_window_is():
    leaf, fan_out = Leaf(), FanOut(window=2)
    with fan_out.recording() as long, fan_out.recording() as short:
        for n in range(6):
            long.submit(leaf.piece(f"long {n}"))
        leaf.wait_for(2)
        first = short.submit(leaf.piece("short 0"))
        second = short.submit(leaf.piece("short 1"))
        assert leaf.wait_for(3) == {"long 0", "long 1", "short 0"}
        leaf.finish("short 0")
        assert first.result(10) == "short 0"
        assert "short 1" in leaf.wait_for(4)
        leaf.finish("short 1", *(f"long {n}" for n in range(6)))
        second.result(10)


def test_recordings_take_turns():
    leaf, fan_out = Leaf(), FanOut(window=2)
    with fan_out.recording() as one, fan_out.recording() as two:
        futures = [one.submit(leaf.piece(f"one {n}")) for n in range(4)]
        futures += [two.submit(leaf.piece(f"two {n}")) for n in range(4)]
        leaf.finish(*(f"{name} {n}" for name in ("one", "two") for n in range(4)))
        for future in futures:
            future.result(10)
    order = [leaf.sent.index(f"two {n}") for n in range(4)]
    assert order == sorted(order)
    assert leaf.sent.index("two 2") < leaf.sent.index("one 3") + 3


def test_a_failure_reaches_its_own_caller_only():
    fan_out = FanOut(window=2)

    def fail() -> None:
        raise ValueError("this piece")

    with fan_out.recording() as bad, fan_out.recording() as good:
        failed, fine = bad.submit(fail), good.submit(lambda: "fine")
        assert fine.result(10) == "fine"
        with pytest.raises(ValueError, match="this piece"):
            failed.result(10)


def test_leaving_a_recording_drops_what_was_not_sent():
    leaf, fan_out = Leaf(), FanOut(window=1)
    with fan_out.recording() as other:
        other.submit(leaf.piece("other 0"))
        leaf.wait_for(1)
        with fan_out.recording() as dropped:
            dropped.submit(leaf.piece("dropped 0"))
            dropped.submit(leaf.piece("dropped 1"))
            leaf.wait_for(2)
        last = other.submit(leaf.piece("other 1"))
        leaf.finish("other 0", "other 1", "dropped 0")
        assert last.result(10) == "other 1"
    assert "dropped 1" not in leaf.sent
