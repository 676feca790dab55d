"""What the log leaves out."""

import logging

from adapter.logs import ACCESS_LOG, leave_out_queries


def logged(caplog, *arguments: object) -> str:
    logger = logging.getLogger(ACCESS_LOG)
    with caplog.at_level(logging.INFO, ACCESS_LOG):
        logger.info('%s - "%s %s HTTP/%s" %d', *arguments)
    return caplog.messages[-1]


def test_a_query_is_not_logged_and_everything_else_is(caplog):
    leave_out_queries()
    leave_out_queries()
    line = logged(caplog, "127.0.0.1:1", "POST", "/asr?initial_prompt=secret?", "1.1", 200)
    assert line == '127.0.0.1:1 - "POST /asr HTTP/1.1" 200'
    assert logged(caplog, "", "GET", "/health", "1.1", 503) == ' - "GET /health HTTP/1.1" 503'
