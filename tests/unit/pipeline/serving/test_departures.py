"""What one process notes of a request that nobody waits for, all models of its Triton see."""

import multiprocessing

import pytest

from pipeline.options import Options
from pipeline.serving import requests_in_flight
from pipeline.serving.departures import SLOTS, Departures
from pipeline.serving.requests_in_flight import RequestsInFlight
from pipeline.settings import Settings

PROCESSES = multiprocessing.get_context("spawn")


@pytest.fixture
def settings(tmp_path):
    return Settings(cache_dir=tmp_path)


@pytest.fixture
def departed(settings):
    table = Departures()
    table.configure(settings)
    return table


def _look(settings, keys, found):
    table = Departures()
    table.configure(settings)
    found.put([key in table for key in keys])


def test_another_model_sees_who_has_left(settings, departed):
    departed.note("left")
    another = Departures()
    another.configure(settings)
    assert "left" in another
    assert "stays" not in another


def test_models_of_another_triton_do_not(settings, departed):
    departed.note("left")
    found = PROCESSES.Queue()
    # Its parent is this process, not the parent of this one.
    process = PROCESSES.Process(target=_look, args=(settings, ["left"], found))
    process.start()
    assert found.get(timeout=60) == [False]
    process.join()


def test_none_is_taken_for_another_while_newer_ones_are_noted(departed):
    noted = [f"left {number}" for number in range(SLOTS // 8)]
    for key in noted:
        departed.note(key)
    assert sum(key in departed for key in noted) > 0.9 * len(noted)
    assert not any(f"stays {number}" in departed for number in range(SLOTS))


def test_a_piece_without_a_key_has_a_caller(departed):
    assert None not in departed


def test_before_it_is_configured_nobody_has_left():
    table = Departures()
    table.note("left")
    assert "left" not in table


def test_a_step_notes_who_leaves_before_the_request_is_there(departed, monkeypatch):
    monkeypatch.setattr(requests_in_flight, "DEPARTURES", departed)
    RequestsInFlight().cancel("left")
    assert "left" in departed


@pytest.mark.parametrize("told", ["by the adapter", "by Triton"])
def test_a_step_notes_that_nobody_waits(departed, monkeypatch, told):
    monkeypatch.setattr(requests_in_flight, "DEPARTURES", departed)
    requests = RequestsInFlight()
    options = Options(request_key="left")

    class Request:
        def is_cancelled(self) -> bool:
            return told == "by Triton"

    running = requests.start(Request(), options, most=1)
    assert "left" not in departed
    if told == "by the adapter":
        requests.cancel("left")
    else:
        with pytest.raises(requests_in_flight.Cancelled):
            running.check()
    assert "left" in departed
