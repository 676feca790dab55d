"""Which status a failure has: final, or worth another attempt."""

import errno
import json
import os

import pytest

from adapter.errors import exhaustion_is_overload, to_response
from adapter.triton.failures import NotReady
from pipeline.errors import (
    DeadlineExceeded,
    InvalidRequest,
    ModelLoading,
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
        (WeightsUnavailable, 503),
        (ModelLoading, 503),
        (Overloaded, 503),
        (NotReady, 503),
        (DeadlineExceeded, 504),
        (PipelineError, 500),
    ],
)
def test_status(kind, status):
    response = to_response(kind("the network x"))
    assert response.status_code == status
    assert "the network x" in json.loads(response.body)["detail"]
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
