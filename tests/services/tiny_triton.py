"""A real Triton with the models of tests/integration/tiny_graph, which obey ``hotwords``."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np
import tritonclient.grpc as triton

from adapter.embedded.backend import assemble
from adapter.embedded.repository import render
from adapter.embedded.tritonserver import TritonServer
from adapter.intake.recording import SHARED_MEMORY, Recording
from adapter.triton.engine import Engine
from adapter.triton.processes import live_instances
from adapter.triton.secret import TritonSecret, find
from adapter.waiting.patience import Patience
from documents import Transcript
from pipeline.options import Options
from pipeline.serving import PROVOKED_FAULTS
from pipeline.settings import Settings
from tests.services.ports import free_ports

GRAPH = Path(__file__).parents[1] / "integration" / "tiny_graph"
START_SECONDS = 120
PCM = np.arange(-20_000, 30_000, dtype=np.int16)
TEXT = str(int(PCM.astype(np.int64).sum()))  # what the graph makes of it


@contextmanager
def tiny_triton(
    run: Path, graph: Path = GRAPH, ports: Sequence[int] | None = None, **variables: str
) -> Iterator[Settings]:
    """Run it, with its files in ``run``; gives the settings of an adapter for it.

    Args:
        run: a folder.
        graph: the model repository.
        ports: HTTP, gRPC and metrics; free ones unless given.
        variables: go before the environment.
    """
    http, grpc, metrics = ports or free_ports(3)
    variables = {PROVOKED_FAULTS: str(run / "faults"), **variables}
    with patch.dict(os.environ, variables):
        settings = Settings(
            _env_file=None,
            device="cpu",
            triton_http_port=http,
            triton_grpc_port=grpc,
            triton_metrics_port=metrics,
        )
        models = render(run / "models", settings, graph)
        server = TritonServer(settings, assemble(settings), run / "models", models, run)
    try:
        server.wait_until_ready(START_SECONDS)
        yield settings
    finally:
        # It would wait for requests of steps that tests have killed.
        server.process.kill()
        server.stop()


def run(settings: Settings, use: Callable[[Engine], Awaitable[object]]) -> object:
    """What a coroutine returns that is given an engine."""

    async def main() -> object:
        async with Engine(settings) as engine:
            return await asyncio.wait_for(use(engine), 120)

    return asyncio.run(main())


async def ask(
    engine: Engine,
    command: str | None = None,
    seconds: float = 60,
    shared: bool = True,
    patience: Patience | None = None,
) -> Transcript:
    """The graph's answer to PCM, its ``model`` being the process of the leaf."""
    with Recording(shared) as recording:
        os.write(recording.fd, PCM.tobytes())
        options = Options(hotwords=command).due_in(seconds)
        transcript = await engine.transcribe(recording, options, "SEGMENTS", patience=patience)
    assert not (recording.key and (SHARED_MEMORY / recording.key).exists())
    return transcript


def process(settings: Settings, model: str) -> int:
    """The process of a model."""
    (pid,) = live_instances(find(settings.triton_grpc_port))[model].values()
    return pid


def client(settings: Settings) -> triton.InferenceServerClient:
    """A client of this Triton that knows its secret."""
    admitted = triton.InferenceServerClient(f"127.0.0.1:{settings.triton_grpc_port}")
    admitted.register_plugin(TritonSecret(settings.triton_grpc_port))
    return admitted


def pcm_input() -> triton.InferInput:
    """PCM as the tensor AUDIO."""
    audio = triton.InferInput("AUDIO", [1, PCM.size], "INT16")
    audio.set_data_from_numpy(PCM[None])
    return audio


def pieces_done(settings: Settings) -> int:
    """How many pieces the leaf has answered so far."""
    (statistics,) = client(settings).get_inference_statistics("whisper").model_stats
    return statistics.inference_count
