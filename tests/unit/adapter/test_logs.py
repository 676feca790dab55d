"""The adapter's log is of one format, uvicorn's lines included, and has no queries."""

import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest

from adapter.logs import ACCESS_LOG, SERVER_LOGS, configure
from pipeline.settings import Settings

NAMES = ("adapter", "pipeline", ACCESS_LOG, *SERVER_LOGS)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[str]]]:
    """The lines that handlers like uvicorn's have written; loggers are left as they were."""
    written = io.StringIO()
    before = {name: vars(logging.getLogger(name)).copy() for name in NAMES}
    for name in ("uvicorn", ACCESS_LOG):
        logger = logging.getLogger(name)
        logger.handlers = [logging.StreamHandler(written)]
        logger.propagate = False
        logger.setLevel(logging.INFO)
    server = logging.getLogger("uvicorn.error")
    server.handlers = []
    server.setLevel(logging.NOTSET)  # an adapter in another test's thread has left its own
    yield lambda: written.getvalue().splitlines()
    for name, attributes in before.items():
        vars(logging.getLogger(name)).update(attributes)


def settings(**changes: str) -> Settings:
    return Settings(_env_file=None, **changes)


def test_uvicorns_lines_are_json_too(log):
    configure(settings(log_format="json"))
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 7)
    (line,) = map(json.loads, log())
    assert line.items() >= {"source": "adapter", "message": "Started server process [7]"}.items()


def test_uvicorns_line_for_each_request_which_has_its_query_is_gone(log):
    configure(settings())
    configure(settings())
    logging.getLogger(ACCESS_LOG).info("%s", "POST /asr?initial_prompt=secret")
    logging.getLogger("uvicorn.error").warning("that is told")
    (line,) = log()
    assert line.endswith(" WARNING adapter that is told")


@pytest.mark.parametrize(("level", "told"), [("info", True), ("warning", False)])
def test_our_lines_are_told_from_the_level_that_is_set(log, level, told):
    configure(settings(log_level=level))
    assert logging.getLogger("adapter.telemetry").isEnabledFor(logging.INFO) is told
    assert logging.getLogger("pipeline.options").isEnabledFor(logging.INFO) is told
