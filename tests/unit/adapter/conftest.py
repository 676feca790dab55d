"""Recordings, and an application whose Triton is not there."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from adapter.app import create_app
from adapter.intake.decoding import find_ffmpeg
from pipeline.settings import Settings
from tests.services.ports import free_ports
from tests.speech.media import make_media

RunApp = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture(scope="session")
def ffmpeg() -> str:
    return find_ffmpeg(None)


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of recordings, see tests/speech/media.py."""
    folder = tmp_path_factory.mktemp("media")
    make_media(folder)
    return folder


@pytest.fixture
def run_app() -> RunApp:
    """A client of the application in the running event loop; nobody listens at Triton's port.

    Nor does a request wait for it, unless the test says how long.
    """

    @asynccontextmanager
    async def run(**changes: object) -> AsyncIterator[httpx.AsyncClient]:
        (port,) = free_ports(1)
        here = {"triton_grpc_port": port, "max_wait_seconds": 0, **changes}
        app = create_app(Settings(_env_file=None, **here))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://service") as client,
        ):
            client.app = app
            yield client

    return run
