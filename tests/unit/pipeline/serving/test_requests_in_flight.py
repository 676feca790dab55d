"""Work stops when nobody waits for it: the caller's pieces, and no one else's."""

import threading
import time
import uuid
from types import SimpleNamespace

import pytest

from pipeline.errors import Cancelled, DeadlineExceeded, InvalidRequest, Overloaded
from pipeline.options import CLOCK, Options
from pipeline.serving import requests_in_flight
from pipeline.serving.fanout import FanOut
from pipeline.serving.requests_in_flight import IN_FLIGHT, RequestsInFlight, pieces

SECONDS = 10


class Request:
    """Triton's request, as far as work looks at it."""

    def __init__(self) -> None:
        self.cancelled = False

    def is_cancelled(self) -> bool:
        return self.cancelled


@pytest.fixture(autouse=True)
def _look_often(monkeypatch):
    monkeypatch.setattr(requests_in_flight, "LOOK_SECONDS", 0.01)


@pytest.fixture
def start():
    """Start a request of this process's step; all are ended after the test."""
    started = []

    def start(request: Request | None = None, **options: object) -> Options:
        asked = Options(request_key=uuid.uuid4().hex, **options)
        IN_FLIGHT.start(request or Request(), asked, most=8)
        started.append(asked)
        return asked

    yield start
    for options in started:
        IN_FLIGHT.end(options)


def abandon_while_waiting(options: Options, abandon) -> tuple[list[str], type[Exception]]:
    """What was sent of five pieces whose second one hangs, and how the wait for it ended."""
    sent: list[str] = []
    hanging, release = threading.Event(), threading.Event()

    def piece(name: str):
        def call() -> str:
            IN_FLIGHT.of(options).check()  # as call_leaf does
            sent.append(name)
            if name == "1":
                hanging.set()
                assert release.wait(SECONDS)
            return name

        return call

    fan_out = FanOut(window=1)
    with fan_out.recording() as other:
        try:
            with pieces(fan_out, options) as mine:
                answers = [mine.submit(piece(str(number))) for number in range(5)]
                assert answers[0].result() == "0"
                assert hanging.wait(SECONDS)
                abandon()
                began = time.monotonic()
                with pytest.raises((Cancelled, DeadlineExceeded)) as ended:
                    answers[1].result()
                assert time.monotonic() - began < SECONDS / 2, "it waited for the leaf"
        finally:
            release.set()
        assert other.submit(lambda: "theirs").result(SECONDS) == "theirs"
    return sent, ended.type


def test_a_cancelled_request_waits_for_nothing_and_sends_nothing_more(start):
    options = start()
    sent, kind = abandon_while_waiting(options, lambda: IN_FLIGHT.cancel(options.request_key))
    assert sent == ["0", "1"]
    assert kind is Cancelled


def test_a_caller_whom_triton_knows_to_have_gone_counts_as_cancelled(start):
    request = Request()
    options = start(request)
    sent, kind = abandon_while_waiting(options, lambda: setattr(request, "cancelled", True))
    assert sent == ["0", "1"]
    assert kind is Cancelled


def test_a_deadline_ends_the_wait_for_a_leaf_that_hangs(start, monkeypatch):
    deadline = time.monotonic() + 600
    options = start(deadline_ns=int(deadline * 1e9), clock=CLOCK)

    def let_it_pass() -> None:
        later = SimpleNamespace(monotonic=lambda: deadline + 1)
        monkeypatch.setattr("pipeline.options.time", later)

    sent, kind = abandon_while_waiting(options, let_it_pass)
    assert sent == ["0", "1"]
    assert kind is DeadlineExceeded


def test_who_waits_for_so_long_only_is_told_when_that_is_over(start):
    release = threading.Event()
    with pieces(FanOut(window=1), start()) as mine:
        answer = mine.submit(lambda: release.wait(SECONDS) and "late")
        with pytest.raises(TimeoutError):
            answer.result(0.02)
        release.set()
        assert answer.result(SECONDS) == "late"


def test_another_request_is_not_touched(start):
    other, options = start(), start()
    IN_FLIGHT.cancel(other.request_key)
    with pieces(FanOut(window=1), options) as mine:
        assert mine.submit(lambda: "answer").result() == "answer"


def test_a_failed_piece_fails_its_request(start):
    def fail() -> None:
        raise ValueError("this piece")

    with (
        pieces(FanOut(window=1), start()) as mine,
        pytest.raises(ValueError, match="this piece"),
    ):
        mine.submit(fail).result()


def test_a_cancel_that_comes_before_its_request_holds():
    requests = RequestsInFlight()
    requests.cancel("late")
    with pytest.raises(Cancelled):
        requests.start(Request(), Options(request_key="late"), most=8).check()


def test_only_so_many_early_cancels_are_remembered(monkeypatch):
    monkeypatch.setattr(requests_in_flight, "REMEMBERED", 2)
    requests = RequestsInFlight()
    for key in "abc":
        requests.cancel(key)
    requests.start(Request(), Options(request_key="a"), most=8).check()
    with pytest.raises(Cancelled):
        requests.start(Request(), Options(request_key="c"), most=8).check()


def test_more_requests_than_allowed_are_refused_until_one_ends():
    requests = RequestsInFlight()
    first, second = Options(request_key="a"), Options(request_key="b")
    requests.start(Request(), first, most=1)
    with pytest.raises(Overloaded, match="1 recordings"):
        requests.start(Request(), second, most=1)
    requests.end(first)
    requests.start(Request(), second, most=1).check()


def test_two_requests_cannot_have_one_key():
    requests = RequestsInFlight()
    requests.start(Request(), Options(request_key="a"), most=8)
    with pytest.raises(InvalidRequest, match="request_key: 'a' is taken"):
        requests.start(Request(), Options(request_key="a"), most=8)


def test_an_answered_request_is_not_asked_about_any_more():
    requests, options = RequestsInFlight(), Options(request_key="a")
    request = Request()
    started = requests.start(request, options, most=8)
    requests.end(options)
    request.is_cancelled = None  # Triton has freed it
    time.sleep(0.02)
    started.check()
    with pytest.raises(Cancelled):
        requests.of(options).check()
