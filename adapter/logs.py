"""What the log leaves out."""

import logging

ACCESS_LOG = "uvicorn.access"
PATH = 2  # in what uvicorn logs of a request: client, method, path, version, status


class _WithoutQuery(logging.Filter):
    """Cuts the query off paths: prompts and names are private, and some clients put keys there."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple) and len(record.args) > PATH:
            arguments = list(record.args)
            arguments[PATH] = str(arguments[PATH]).partition("?")[0]
            record.args = tuple(arguments)
        return True


_WITHOUT_QUERY = _WithoutQuery()


def leave_out_queries() -> None:
    """Have uvicorn log of a request's target the path only."""
    logging.getLogger(ACCESS_LOG).addFilter(_WITHOUT_QUERY)
