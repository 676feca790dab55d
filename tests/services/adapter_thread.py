"""The adapter as uvicorn runs it, in a thread of the test's own, with settings of its own."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from adapter.app import create_app
from pipeline.settings import Settings


@contextmanager
def running_adapter(settings: Settings, log_level: str = "warning") -> Iterator[str]:
    """Run it; gives its URL.  Triton is where the settings say, or not there."""
    server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level=log_level))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def adapter_before(triton_grpc: str, **changes: object) -> Iterator[str]:
    """Run one with these settings before the Triton at host:port; gives its URL."""
    host, port = triton_grpc.split(":")
    settings = Settings(_env_file=None, triton_host=host, triton_grpc_port=port, **changes)
    with running_adapter(settings) as url:
        yield url
