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


@pytest.mark.parametrize(
    ("option", "least", "most"),
    [
        ("beam_size", 1, 10),
        ("num_speakers", 1, 50),
        ("min_speakers", 1, 50),
        ("max_speakers", 1, 50),
        ("temperature", 0, 1),
    ],
)
def test_the_bounds_of_an_option_are_inside(option, least, most):
    for value in (least, most):
        assert getattr(Options.from_parameters(json.dumps({option: value})), option) == value
    for value in (least - 1, most + 1):
        with pytest.raises(InvalidRequest, match=option):
            Options.from_parameters(json.dumps({option: value}))


def test_a_key_is_no_longer_than_it_must_be():
    assert Options.from_parameters(json.dumps({"request_key": "k" * 64})).request_key == "k" * 64
    with pytest.raises(InvalidRequest, match="request_key"):
        Options.from_parameters(json.dumps({"request_key": "k" * 65}))


def test_a_network_has_one_name_and_none_is_none():
    assert Options(model="openai/whisper-large-v3").model == "large-v3"
    assert Options(model=None).model is None
    assert Options(model="").model is None


def test_as_many_speakers_are_expected_as_the_service_says_unless_the_request_does():
    assert Options().expecting(2, 4) == Options(min_speakers=2, max_speakers=4)
    for said in ({"num_speakers": 3}, {"min_speakers": 1}, {"max_speakers": 9}):
        assert Options(**said).expecting(2, 4) == Options(**said)
    assert Options(min_speakers=3, max_speakers=3).max_speakers == 3


def test_a_deadline_that_has_passed_ends_the_work():
    Options().check_deadline()
    Options(deadline_ms=int(time.time() * 1000) + 60_000).check_deadline()
    with pytest.raises(DeadlineExceeded):
        Options(deadline_ms=int(time.time() * 1000) - 1).check_deadline()
