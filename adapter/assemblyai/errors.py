"""Errors of ``/v2`` in AssemblyAI's shape: ``{"error": "…"}``, at their own status."""

import json
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

PREFIX = "/v2/"
Handler = Callable[[Request, Exception], Awaitable[Response]]
OF_A_BODY = ("content-length", "content-type")


def install(app: FastAPI) -> None:
    """Wrap every handler that the application has so far."""
    for kind, handler in list(app.exception_handlers.items()):
        app.add_exception_handler(kind, _shaped(handler))


def _shaped(handler: Handler) -> Handler:
    async def shaped(request: Request, failure: Exception) -> Response:
        response = await handler(request, failure)
        if not request.url.path.startswith(PREFIX) or not isinstance(response, JSONResponse):
            return response
        headers = {name: text for name, text in response.headers.items() if name not in OF_A_BODY}
        shape = {"error": json.loads(response.body)["detail"]}
        return JSONResponse(shape, response.status_code, headers)

    return shaped
