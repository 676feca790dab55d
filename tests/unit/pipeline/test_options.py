"""Options survive the way through Triton's parameters, and bad ones are named."""

import json
import time

import pytest

from pipeline.errors import DeadlineExceeded, InvalidRequest
from pipeline.options import Options


def test_options_travel_as_parameters():
    options = Options(language="ru", hotwords="Чикаго", num_speakers=2, temperature=0.4)
    parameters = options.to_parameters()
    assert all(isinstance(value, str | int | bool) for value in parameters.values())
    assert Options.from_parameters(json.dumps(parameters)) == options


def test_what_was_not_asked_for_does_not_travel():
    assert Options().to_parameters() == {}
    assert Options.from_parameters("") == Options.from_parameters(None) == Options()


def test_parameters_of_triton_itself_are_left_aside():
    assert Options.from_parameters('{"triton_enable_empty_final_response": false}') == Options()


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"beam_size": 99}, "beam_size"),
        ({"task": "sing"}, "task"),
        ({"temperature": "1.5"}, "temperature"),
        ({"temperature": "nan"}, "temperature"),
        ({"num_speakers": "some"}, "num_speakers"),
        ({"min_speakers": 4, "max_speakers": 2}, "min_speakers"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(parameters, name):
    with pytest.raises(InvalidRequest, match=name):
        Options.from_parameters(json.dumps(parameters))


def test_a_deadline_that_has_passed_ends_the_work():
    Options().check_deadline()
    Options(deadline_ms=int(time.time() * 1000) + 60_000).check_deadline()
    with pytest.raises(DeadlineExceeded):
        Options(deadline_ms=int(time.time() * 1000) - 1).check_deadline()
