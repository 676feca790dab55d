"""How much is measured in the time that there is."""

import pytest

from benchmarks.perf.plan import WINDOWS, choose_levels, choose_window, fewest, seconds_for


@pytest.mark.parametrize("concurrency", [1, 2, 4, 8, 32])
@pytest.mark.parametrize("rate", [0.1, 1.0, 40.0])
@pytest.mark.parametrize("seconds", [4.0, 30.0])
def test_a_measurement_takes_the_time_that_it_is_given(concurrency, rate, seconds):
    window = choose_window(concurrency, rate, seconds)
    least = seconds_for(concurrency, fewest(concurrency), rate)
    assert window >= fewest(concurrency)
    assert seconds_for(concurrency, window, rate) <= max(seconds, least)


def test_more_time_measures_more():
    assert choose_window(4, 2.0, 30.0) == (60 - 4) // WINDOWS
    assert choose_window(4, 2.0, 3.0) == fewest(4) == 2


def test_what_a_machine_has_no_time_for_is_left_out_from_the_top():
    # 3 windows of 1, 1, 2 and 4 requests, and 1, 2, 4 and 8 that are in flight at the end.
    assert choose_levels((1, 2, 4, 8), rate=0.5, seconds=78) == [1, 2, 4, 8]
    assert choose_levels((1, 2, 4, 8), rate=0.5, seconds=77) == [1, 2, 4]
    assert choose_levels((1, 2, 4, 8), rate=0.5, seconds=17) == [1]


def test_the_first_level_is_measured_in_any_case():
    assert choose_levels((4, 8), rate=0.01, seconds=1) == [4]
