"""Requests made up from the service's own OpenAPI document, whatever operations it lists."""

import io
import wave

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from pipeline.audio import SAMPLE_RATE

SEED = 4
EXAMPLES = 40  # of each operation
SECONDS = 120  # for one answer
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]


def silence() -> bytes:
    """Half a second of it: a recording that gets as far as the graph and costs nothing there."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(bytes(SAMPLE_RATE))
    return content.getvalue()


schemathesis.openapi.format("binary", st.one_of(st.just(silence()), st.binary(max_size=1000)))


@pytest.fixture(scope="module")
def document(service):
    return schemathesis.openapi.from_url(f"{service.base_url}/openapi.json")


operations = schemathesis.pytest.from_fixture("document")


@operations.parametrize()
@seed(SEED)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_request_that_the_document_allows_fails_or_is_answered_otherwise(case):
    case.call_and_validate(checks=CHECKS, timeout=SECONDS)
