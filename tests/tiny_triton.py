"""A real Triton with the models of tests/integration/tiny_graph, which obey ``hotwords``."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapter.embedded.backend import assemble
from adapter.embedded.repository import render
from adapter.embedded.tritonserver import TritonServer
from pipeline.settings import Settings
from tests.ports import free_ports

GRAPH = Path(__file__).parent / "integration" / "tiny_graph"
START_SECONDS = 120


@contextmanager
def tiny_triton(run: Path) -> Iterator[Settings]:
    """Run it, with its files in ``run``; gives the settings of an adapter for it."""
    http, grpc, metrics = free_ports(3)
    settings = Settings(
        _env_file=None,
        device="cpu",
        triton_http_port=http,
        triton_grpc_port=grpc,
        triton_metrics_port=metrics,
    )
    models = render(run / "models", settings, GRAPH)
    server = TritonServer(settings, assemble(settings), run / "models", models, run)
    try:
        server.wait_until_ready(START_SECONDS)
        yield settings
    finally:
        server.stop()
