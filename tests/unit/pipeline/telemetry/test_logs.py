"""Lines of the log, as text and as JSON."""

import json
import logging
import sys

import pytest

from pipeline.telemetry.logs import formatter_of, on_behalf_of

FIELDS = {
    "route": "/asr",
    "seconds": 1.5,
    "stages": {"decode": 0.25, "answer": 0.0},
    "language": None,
    "model": 'org/a "big" one',
}


def line(log_format: str, message: str = "request", **more: object) -> str:
    record = logging.LogRecord("adapter.x", logging.INFO, "", 0, message, (), None)
    record.created, record.msecs = 1_700_000_000.25, 250.0
    vars(record).update(more)
    return formatter_of(log_format, "adapter").format(record)


def test_a_line_of_text_has_its_fields_side_by_side():
    with on_behalf_of("call-7"):
        assert line("text", fields=FIELDS) == (
            "2023-11-14T22:13:20.250Z INFO adapter [call-7] request route=/asr seconds=1.500 "
            'decode=0.250 answer=0.000 language=None model="org/a \\"big\\" one"'
        )
    assert line("text", "it is back") == "2023-11-14T22:13:20.250Z INFO adapter it is back"


def test_a_line_of_json_is_one_object():
    with on_behalf_of("call-7"):
        told = line("json", "two\nlines", fields=FIELDS)
    assert "\n" not in told
    assert json.loads(told) == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "info",
        "source": "adapter",
        "logger": "adapter.x",
        "message": "two\nlines",
        "request_id": "call-7",
        **FIELDS,
    }
    assert "request_id" not in json.loads(line("json"))


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_an_exception_is_told_with_the_way_to_it(log_format):
    try:
        raise KeyError("what")
    except KeyError:
        told = line(log_format, exc_info=sys.exc_info())
    text = json.loads(told)["exception"] if log_format == "json" else told
    assert "test_logs.py" in text
    assert text.endswith("KeyError: 'what'")


def test_a_value_cannot_begin_a_line_of_its_own():
    assert line("text", fields={"model": "a\nb=c"}).endswith(r'model="a\nb=c"')
