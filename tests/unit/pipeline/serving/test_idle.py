"""Memory goes back when there is nothing to do, and never between two batches."""

import threading
import time

from pipeline.serving.idle import WhenIdle
from tests.waiting import until


def test_a_stretch_of_work_is_followed_by_one_call():
    calls = threading.Semaphore(0)
    idle = WhenIdle(calls.release, seconds=0.05)
    for _ in range(2):
        for _ in range(3):
            idle.worked()
        assert calls.acquire(timeout=10)
    assert not calls.acquire(timeout=0.5)


def test_nothing_is_done_between_two_batches():
    called = threading.Event()
    idle = WhenIdle(called.set, seconds=60)
    for _ in range(5):
        idle.worked()
        time.sleep(0.02)
    assert not called.is_set()


def test_it_is_not_called_before_the_first_work():
    called = threading.Event()
    idle = WhenIdle(called.set, seconds=0.01)
    assert not called.wait(0.2)
    idle.worked()
    until(called.is_set)
