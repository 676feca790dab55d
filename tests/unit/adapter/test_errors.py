"""Which status a failure has: final, or worth another attempt."""

import asyncio
import errno
import json
import logging
import os
import re

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import ClientDisconnect

from adapter.errors import (
    ClientGone,
    TooLarge,
    TooSlow,
    Unauthorised,
    exhaustion_is_overload,
    install,
    to_response,
)
from adapter.triton.failures import Interrupted, NotReady, ProcessDied
from pipeline.errors import (
    DeadlineExceeded,
    InvalidRequest,
    ModelLoading,
    OutOfMemory,
    Overloaded,
    PipelineError,
    WeightsNotFound,
    WeightsUnavailable,
)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (InvalidRequest, 400),
        (WeightsNotFound, 400),
        (Unauthorised, 401),
        (TooSlow, 408),
        (TooLarge, 413),
        (WeightsUnavailable, 503),
        (ModelLoading, 503),
        (Overloaded, 503),
        (OutOfMemory, 503),
        (NotReady, 503),
        (DeadlineExceeded, 504),
        (ProcessDied, 503),
        (Interrupted, 503),
    ],
)
def test_status(kind, status):
    failure = kind("the network x")
    response = to_response(failure)
    assert response.status_code == status
    assert str(failure) in json.loads(response.body)["detail"]
    assert ("retry-after" in response.headers) is (status == 503)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EMFILE, errno.ENOMEM])
def test_what_runs_out_is_503_and_not_a_mistake(number):
    with pytest.raises(Overloaded) as overload, exhaustion_is_overload("the upload"):
        raise OSError(number, os.strerror(number))
    response = to_response(overload.value)
    assert response.status_code == 503
    assert b"no room for the upload" in response.body


def test_any_other_error_stays_what_it_is():
    with pytest.raises(PermissionError), exhaustion_is_overload("the upload"):
        raise PermissionError(errno.EACCES, "Permission denied")


def answered(failure: Exception, path: str = "/") -> httpx.Response:
    """What a client hears of an application that fails like this."""
    app = FastAPI()
    install(app)

    @app.get("/")
    def fail(number: int = 0) -> None:
        raise failure

    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            return await client.get(path)

    return asyncio.run(run())


@pytest.mark.parametrize("failure", [ClientGone(), ClientDisconnect()])
def test_a_client_that_has_gone_is_no_failure(failure):
    assert answered(failure).status_code == 499


def test_every_failure_has_a_detail():
    assert answered(Overloaded("full")).json()["detail"].startswith("503 service unavailable: full")
    assert answered(KeyError(), "/nothing").json() == {"detail": "Not Found"}
    response = answered(KeyError(), "/?number=many")
    assert response.status_code == 400
    assert response.json()["detail"].startswith("number: Input should be a valid integer")


@pytest.mark.parametrize(
    "failure", [OSError("/srv/cache/x: no"), PipelineError("/srv/cache/x: no")]
)
def test_the_words_of_others_are_for_the_log_and_a_mark_leads_to_them(failure, caplog):
    with caplog.at_level(logging.ERROR):
        responses = [answered(failure) for _ in range(2)]
    marks = []
    for response in responses:
        assert response.status_code == 500
        told = response.json()["detail"]
        marks.append(
            re.fullmatch(r"internal server error; the service's log .* ([a-z]{8})", told)[1]
        )
        (line,) = [
            record.getMessage() for record in caplog.records if marks[-1] in record.getMessage()
        ]
        assert line.endswith(f"{type(failure).__name__}: /srv/cache/x: no")
    assert marks[0] != marks[1]
