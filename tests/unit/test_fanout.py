"""Recordings take turns, and what fails or is dropped stays its own."""

import threading

import pytest

from pipeline.serving.fanout import FanOut


def test_a_short_recording_does_not_wait_for_a_long_one():
    fan_out, order, go = FanOut(window=1), [], threading.Event()
    long, short = fan_out.recording(), fan_out.recording()
    held = long.submit(lambda: go.wait(10))
    pieces = [long.submit(lambda n=n: order.append(f"long {n}")) for n in range(20)]
    pieces.append(short.submit(lambda: order.append("short")))
    go.set()
    for piece in [held, *pieces]:
        piece.result(10)
    assert order.index("short") <= 1
    assert [name for name in order if name != "short"] == [f"long {n}" for n in range(20)]


def test_no_more_than_the_window_is_under_way():
    fan_out = FanOut(window=3)
    under_way, most, lock = 0, 0, threading.Lock()
    pause = threading.Event()

    def piece() -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        pause.wait(0.02)
        with lock:
            under_way -= 1

    with fan_out.recording() as recording:
        for future in [recording.submit(piece) for _ in range(12)]:
            future.result(10)
    assert most == 3


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
    fan_out, go, sent = FanOut(window=1), threading.Event(), []
    with fan_out.recording() as other:
        held = other.submit(lambda: go.wait(10))
        with fan_out.recording() as dropped:
            dropped.submit(lambda: sent.append("dropped"))
        last = other.submit(lambda: sent.append("last"))
        go.set()
        held.result(10)
        last.result(10)
    assert sent == ["last"]
