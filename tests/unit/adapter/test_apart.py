"""Whose time it was, of people who were recorded apart."""

import pytest

from adapter.apart import shares


def test_the_seconds_of_steps_that_worked_side_by_side_add_up_to_those_by_the_clock():
    voices = [{"transcription": 4.0, "alignment": 1.0}, {"transcription": 3.0}]
    took = shares(voices, 4.0)
    assert took == {"transcription": pytest.approx(3.5), "alignment": pytest.approx(0.5)}


def test_without_any_there_are_none():
    assert shares([{}, {}], 1.0) == {}
