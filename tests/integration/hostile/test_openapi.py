"""Requests made up from the service's own OpenAPI document, whatever operations it lists."""

import io
import wave

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from pipeline.audio import SAMPLE_RATE

SEED = 4
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


def statuses(operation: APIOperation, examples: int) -> set[int]:
    """Ask for an operation in many ways; the statuses that answered."""
    seen = set()

    @seed(SEED)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def fulfils_its_promises(case: schemathesis.Case) -> None:
        response = case.call(timeout=SECONDS)
        seen.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    fulfils_its_promises()
    return seen


@pytest.mark.usefixtures("no_lazy_modules")
@pytest.mark.parametrize("examples", [12, pytest.param(200, marks=pytest.mark.long)])
def test_no_request_that_the_document_describes_fails_or_is_answered_otherwise(service, examples):
    schemathesis.openapi.format("binary", st.one_of(st.just(silence()), st.binary(max_size=1000)))
    document = schemathesis.openapi.from_url(f"{service.base_url}/openapi.json")
    operations = [found.ok() for found in document.get_all_operations()]
    seen = {operation.label: statuses(operation, examples) for operation in operations}
    everything = {"POST /asr", "POST /detect-language", "POST /v1/audio/transcriptions"}
    assert everything <= seen.keys()
    for operation in ("POST /asr", "POST /v1/audio/transcriptions"):
        assert seen[operation] >= {200, 400}
