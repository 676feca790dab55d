"""Options survive the way through Triton's parameters, and bad ones are named."""

import json
import math
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from pipeline import options as module
from pipeline.errors import DeadlineExceeded, InvalidRequest
from pipeline.options import TEXT_BYTES, Options


def test_options_travel_as_parameters():
    options = Options(language="ru", hotwords="Чикаго", num_speakers=2, temperature=0.4)
    parameters = options.to_parameters()
    assert all(isinstance(value, str | int | bool) for value in parameters.values())
    assert Options.from_parameters(json.dumps(parameters)) == options


def test_voices_travel_as_one_parameter_and_not_to_the_leaves():
    voices = [{"name": "Ännchen", "embedding": [0.5, -0.25]}, {"name": "unknown"}]
    options = Options(known_voices=voices, language="de")
    parameters = options.to_parameters()
    assert isinstance(parameters["known_voices"], str)
    assert Options.from_parameters(json.dumps(parameters)) == options
    assert options.for_a_piece().to_parameters() == {"language": "de"}


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
        ({"model": "m" * 4097}, "model"),
        ({"language": "l" * 65}, "language"),
        ({"timeout_ms": "9" * 400}, "timeout_ms"),
        ({"timeout_ms": -1}, "timeout_ms"),
        ({"patience_ms": 1 << 40}, "patience_ms"),
        ({"deadline_ns": 1 << 63}, "deadline_ns"),
        ({"deadline_ns": -1}, "deadline_ns"),
        ({"clock": "c" * 129}, "clock"),
        ({"known_voices": "Ann"}, "known_voices: .*JSON list"),
        ({"known_voices": '[{"name": ""}]'}, r"known_voices\.0\.name"),
        ({"known_voices": '[{"name": "Ann"}, {"name": "Ann"}]'}, "known_voices: .*'Ann' is there"),
        ([1], "options"),
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
    Options().due_in(60).check_deadline()
    with pytest.raises(DeadlineExceeded):
        Options().due_in(-0.001).check_deadline()


@pytest.mark.parametrize(
    ("option", "kept"),
    [("hotwords", slice(0, TEXT_BYTES)), ("initial_prompt", slice(-TEXT_BYTES, None))],
)
def test_of_a_long_text_as_much_is_kept_as_may_be_heard(option, kept, caplog):
    text = "".join(map(str, range(1000)))
    options = Options.from_parameters(json.dumps({option: text}))
    assert getattr(options, option) == text[kept]
    assert caplog.messages == [
        f"{option}: the {'first' if kept.start == 0 else 'last'} 2048 of 2890 bytes are used"
    ]
    assert len(options.to_parameters()[option]) == TEXT_BYTES


@pytest.mark.parametrize("option", ["hotwords", "initial_prompt"])
def test_a_text_of_the_largest_size_is_left_alone(option, caplog):
    for text in ("a" * TEXT_BYTES, "я" * (TEXT_BYTES // 2), "", None):
        assert getattr(Options(**{option: text}), option) == text
    assert caplog.messages == []
    assert getattr(Options(**{option: "a" * (TEXT_BYTES + 1)}), option) == "a" * TEXT_BYTES


@pytest.mark.parametrize("option", ["hotwords", "initial_prompt"])
@pytest.mark.parametrize("letter", ["я", "猫", "🎙"])
def test_no_letter_is_cut_in_two(option, letter):
    text = getattr(Options(**{option: "a" + letter * 2000 + "a"}), option)
    assert len(text.encode()) <= TEXT_BYTES
    assert set(text) == {"a", letter}
    assert len(text) >= TEXT_BYTES // len(letter.encode())


def clocks(monkeypatch, day: float, monotonic: float) -> None:
    """Have the time of the day, and that of the monotonic clock."""
    times = SimpleNamespace(time=lambda: day, monotonic=lambda: monotonic)
    monkeypatch.setattr(module, "time", times)


def test_a_clock_that_is_set_moves_no_deadline(monkeypatch):
    clocks(monkeypatch, day=1e9, monotonic=500)
    options = Options().due_in(60)
    travelled = Options.from_parameters(json.dumps(options.to_parameters()))
    for day in (0, 1e9, 2e9):
        clocks(monkeypatch, day, monotonic=530)
        assert options.remaining() == travelled.remaining() == 30
        options.check_deadline()
    clocks(monkeypatch, day=1e9, monotonic=560.1)
    with pytest.raises(DeadlineExceeded):
        travelled.check_deadline()


def test_to_another_machine_travels_what_is_left(monkeypatch):
    clocks(monkeypatch, day=1000, monotonic=500)
    options = Options().due_in(60)
    clocks(monkeypatch, day=1000, monotonic=520)
    sent = json.dumps(options.to_parameters())
    monkeypatch.setattr(module, "CLOCK", "another machine's")
    clocks(monkeypatch, day=9, monotonic=5)
    step = Options.from_parameters(sent)
    assert step.remaining() == 40
    clocks(monkeypatch, day=10, monotonic=25)
    assert Options.from_parameters(json.dumps(step.to_parameters())).remaining() == 20
    clocks(monkeypatch, day=10, monotonic=46)
    with pytest.raises(DeadlineExceeded):
        step.check_deadline()


def test_who_has_no_clock_says_for_how_long_he_waits(monkeypatch):
    clocks(monkeypatch, day=1000, monotonic=500)
    options = Options.from_parameters('{"timeout_ms": 1500}')
    clocks(monkeypatch, day=1000, monotonic=501)
    assert options.remaining() == 0.5


def test_without_a_deadline_there_is_time():
    assert Options().remaining() == math.inf


def test_processes_of_one_machine_have_one_clock():
    ask = "import time; from pipeline.options import CLOCK; print(CLOCK, time.monotonic(), sep='|')"
    before = time.monotonic()
    answer = subprocess.run([sys.executable, "-c", ask], capture_output=True, encoding="utf-8")
    clock, now = answer.stdout.split("|")
    assert clock == module.CLOCK
    assert before < float(now) < time.monotonic()
