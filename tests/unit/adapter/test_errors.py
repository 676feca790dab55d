"""Which status a failure has: final, or worth another attempt."""

import json

import pytest

from adapter.errors import to_response
from adapter.failures import NotReady
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
