"""An adapter with narrow limits before the session's Triton, and bytes of any kind for it."""

from collections.abc import Iterator

import httpx
import pytest

from tests.hostile.encodings import Encoder
from tests.services.adapters import RunningAdapter, adapter_beside
from tests.services.remains import Remains, left_behind

STALL_SECONDS, UPLOAD_SECONDS = 4, 6
NARROW = {
    "MAX_FILE_SIZE_MB": "3",
    "MAX_DURATION_SECONDS": "7200",
    "MAX_REQUESTS": "12",
    "MIN_FREE_DISK_MB": "1",
    "UPLOAD_STALL_SECONDS": str(STALL_SECONDS),
    "UPLOAD_TIMEOUT_SECONDS": str(UPLOAD_SECONDS),
}


@pytest.fixture(scope="module")
def encoder(tmp_path_factory, sample) -> Encoder:
    """A folder with the clip of speech and the tone in every format."""
    encoder = Encoder(tmp_path_factory.mktemp("encodings"))
    encoder.speech(sample)
    encoder.tone()
    return encoder


@pytest.fixture(scope="module")
def adapter(service, tmp_path_factory) -> Iterator[RunningAdapter]:
    """It belongs to one module: when models are killed, the service's own is to be alone."""
    folder = tmp_path_factory.mktemp("adapter")
    with adapter_beside(service.environment, folder, **NARROW) as adapter:
        yield adapter


@pytest.fixture
def nothing_is_left(service, adapter) -> Iterator[None]:
    """Nothing is, whatever the test does."""
    httpx.get(f"{adapter.url}/health", timeout=60)  # opens the connection to Triton
    before = Remains.of(adapter.process.pid, service.triton_http, service.secret)
    yield
    assert left_behind(before, adapter.process.pid, service.triton_http, service.secret) == {}
    assert list(adapter.temporary.iterdir()) == []
