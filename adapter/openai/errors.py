"""Errors of ``/v1`` in OpenAI's shape: ``{"error": {"message", "type", "param", "code"}}``.

Whatever another handler of this application answers with ``{"detail": …}`` is
put into this shape below ``/v1``, at its status and with its headers.
"""

import json
import re
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from adapter.errors import internal, to_response
from pipeline.errors import InvalidRequest, PipelineError, WeightsUnavailable

PREFIX = "/v1/"
Handler = Callable[[Request, Exception], Awaitable[Response]]
Json = dict[str, object]

FIELD = re.compile(r"(\w+(?:\[\])?): ")  # how a message begins that is about one
CODES = {401: "invalid_api_key", 404: "unknown_url", 405: "method_not_supported"}
OF_A_BODY = ("content-length", "content-type")
TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class UnknownModel(InvalidRequest):
    """There is no model of this name, or it may not be used here."""


def error_object(status: int, message: str, failure: Exception) -> Json:
    """What an OpenAI client makes its exception of."""
    field = FIELD.match(message) if isinstance(failure, InvalidRequest) else None
    param, code = field and field[1], CODES.get(status)
    if isinstance(failure, UnknownModel | WeightsUnavailable) and status < 500:
        param, code = "model", "model_not_found"
    kind = TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def in_their_shape(response: Response, failure: Exception, where: str) -> JSONResponse:
    """The answer to a failure, with OpenAI's body and status.

    Args:
        response: with ``{"detail": …}`` in it.
        where: the method and the path.
    """
    message = json.loads(response.body)["detail"]
    status = 404 if isinstance(failure, UnknownModel) else response.status_code
    if status in (404, 405) and not isinstance(failure, PipelineError):
        message = f"{message}: {where}"
    headers = {name: value for name, value in response.headers.items() if name not in OF_A_BODY}
    return JSONResponse(error_object(status, message, failure), status, headers)


def describe(failure: Exception) -> Json:
    """The body for a failure that comes too late for a status."""
    response = to_response(failure) if isinstance(failure, PipelineError) else internal(failure)
    return json.loads(in_their_shape(response, failure, "").body)


def install(app: FastAPI) -> None:
    """Wrap every handler that the application has so far."""
    for kind, handler in list(app.exception_handlers.items()):
        app.add_exception_handler(kind, _shaped(handler))


def _shaped(handler: Handler) -> Handler:
    async def shaped(request: Request, failure: Exception) -> Response:
        response = await handler(request, failure)
        path = request.url.path
        if not path.startswith(PREFIX) or not isinstance(response, JSONResponse):
            return response
        return in_their_shape(response, failure, f"{request.method} {path}")

    return shaped
