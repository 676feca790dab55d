"""The image's health check against the service."""

from adapter.embedded.health import fault


def test_a_service_that_works_has_no_fault(service):
    assert fault(int(service.triton_http.rpartition(":")[2]), service.secret) is None
