"""The adapter's log: one line a request, and none that holds what a client sent."""

import logging

from pipeline.settings import Settings
from pipeline.telemetry import logs

SOURCE = "adapter"
SERVER_LOGS = ("uvicorn", "uvicorn.error")
ACCESS_LOG = "uvicorn.access"


def configure(settings: Settings) -> None:
    """Write lines as LOG_FORMAT says, uvicorn's own among them.

    Its line for each request goes: it has the query, where prompts, names and some clients' keys
    are, and adapter.telemetry.observing tells more.
    """
    logs.configure(settings.log_format, settings.log_level, SOURCE)
    access = logging.getLogger(ACCESS_LOG)
    access.handlers.clear()
    access.propagate = False
    for name in SERVER_LOGS:
        for handler in logging.getLogger(name).handlers:
            handler.setFormatter(logs.formatter_of(settings.log_format, SOURCE))
