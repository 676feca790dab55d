"""Errors as HTTP answers: ``{"detail": "…"}``, worded for the patterns that Speakr looks for.

Speakr takes 400, 401 and 413 as final and tries 422, 429 and 5xx again, so a
mistake of the client is never a 422 here.  It picks the message for its user
by ``timed out``, ``401 … unauthorized``, ``503 … service unavailable``, ``file … too
large`` and ``could not … decode``.

What is nobody's business outside, the words of libraries and of Triton, goes to
the log, with a mark that the client is told.
"""

import contextlib
import errno
import logging
import random
import string
from collections.abc import Iterator

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from adapter.triton.failures import NotReady, ProcessDied, Unreachable
from pipeline.errors import (
    DeadlineExceeded,
    InvalidRequest,
    ModelLoading,
    Overloaded,
    PipelineError,
    WeightsNotFound,
    WeightsUnavailable,
)

RETRY_AFTER = 10  # seconds; a chunk or two on a CPU, or half a model's restart
CHALLENGE = 'Basic realm="triton-asr", charset="UTF-8", Bearer realm="triton-asr"'
EXHAUSTION = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG),  # of the disk
    *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN),  # of files, memory, processes
}
MARK_LETTERS = 8  # no digits: Speakr takes 429, wherever it stands, for a rate limit
CLIENT_GONE = 499  # as nginx has it; nobody reads it
# What may be otherwise in a moment.
UNAVAILABLE = (Overloaded, ModelLoading, WeightsUnavailable, NotReady, ProcessDied, Unreachable)

logger = logging.getLogger(__name__)


class TooLarge(InvalidRequest):
    """The file or the recording is larger than the service takes."""


class Unauthorised(PipelineError):  # noqa: N818 - HTTP's own name for it
    """The request does not hold a key that it needs."""


class TooSlow(InvalidRequest):
    """The file does not arrive."""


class ClientGone(Exception):  # noqa: N818 - what happened
    """The client hung up before its answer was ready."""


@contextlib.contextmanager
def exhaustion_is_overload(what: str) -> Iterator[None]:
    """Turn the errors of a full disk, or of too many open files, into :class:`Overloaded`.

    Args:
        what: That there is no room for, in the words of a client.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in EXHAUSTION:
            raise
        logger.error("no room for %s: %s", what, error)
        raise Overloaded(f"there is no room for {what} ({error.strerror})") from None


def answer(status: int, detail: str) -> JSONResponse:
    """An error's response; a 503 says when to come again."""
    headers = {"Retry-After": str(RETRY_AFTER)} if status == 503 else None
    return JSONResponse({"detail": detail}, status, headers)


def to_response(failure: PipelineError) -> JSONResponse:
    """The response for a failure of the pipeline or of Triton."""
    if isinstance(failure, Unauthorised):
        detail = f"401 unauthorized: {failure}"
        return JSONResponse({"detail": detail}, 401, {"WWW-Authenticate": CHALLENGE})
    if isinstance(failure, TooLarge):
        return answer(413, str(failure))
    if isinstance(failure, TooSlow):
        return answer(408, str(failure))
    if isinstance(failure, InvalidRequest | WeightsNotFound):
        return answer(400, str(failure))
    if isinstance(failure, DeadlineExceeded):
        return answer(504, f"the request timed out: {failure}")
    if isinstance(failure, UNAVAILABLE):
        return answer(503, f"503 service unavailable: {failure}; try again later")
    if type(failure) is PipelineError:  # whatever Triton said
        return internal(failure)
    logger.error("a request failed: %s", failure)
    return answer(500, f"transcription failed: {failure}")


def internal(failure: Exception) -> JSONResponse:
    """The response for a mistake of the service's own, and the log's line about it."""
    mark = "".join(random.choices(string.ascii_lowercase, k=MARK_LETTERS))
    logger.error("internal server error %s: %s: %s", mark, type(failure).__name__, failure)
    return answer(500, f"internal server error; the service's log says which, at {mark}")


def _fault(error: RequestValidationError) -> str:
    fault = error.errors()[0]
    return f"{fault['loc'][-1]}: {fault['msg']}"


def install(app: FastAPI) -> None:
    """Answer every error of this application as described above."""

    @app.exception_handler(PipelineError)
    async def pipeline_error(request: Request, failure: PipelineError) -> Response:
        return to_response(failure)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, failure: HTTPException) -> Response:
        return JSONResponse({"detail": str(failure.detail)}, failure.status_code, failure.headers)

    @app.exception_handler(RequestValidationError)
    async def validation_error(request: Request, failure: RequestValidationError) -> Response:
        return answer(400, _fault(failure))

    @app.exception_handler(ClientGone)
    @app.exception_handler(ClientDisconnect)
    async def gone(request: Request, failure: Exception) -> Response:
        return Response(status_code=CLIENT_GONE)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, failure: Exception) -> Response:
        return internal(failure)
