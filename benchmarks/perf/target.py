"""The Triton that is measured: the one of the service that runs, one elsewhere, or our own."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
from tritonclient.grpc import InferenceServerClient, InferInput
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from adapter.ports import local_url
from adapter.triton.secret import find
from benchmarks.perf.inputs import LEAVES, Inputs, Tensors
from benchmarks.running.measure import progress
from benchmarks.running.service import Service
from benchmarks.running.worker import ROOT
from pipeline.errors import ModelLoading
from pipeline.settings import Settings

LEAST_SECONDS = 0.1
LOOK_AGAIN_SECONDS = 0.5  # at a network that its first request loads
LOOK_SECONDS = 10.0
MAKE_WAV2VEC2 = """
import sys
from pathlib import Path
from benchmarks.running.stand_ins import save_wav2vec2_base
save_wav2vec2_base(Path(sys.argv[1]))
"""


class TargetError(Exception):
    """There is no Triton to measure."""


@dataclass(frozen=True)
class Counts:
    """What a model has done so far, by Triton's statistics."""

    requests: int
    batches: int


class Target:
    """A Triton, over gRPC."""

    def __init__(self, address: str, secret: str | None, what: str) -> None:
        """Args:
        address: host and port of its gRPC.
        secret: what it asks for before it is lent shared memory.
        what: whose it is, for the report.
        """
        self.address = address
        self.secret = secret
        self.what = what
        self._client = InferenceServerClient(address)

    def ask(self, model: str, tensors: Tensors, end: float, **parameters: str | bool) -> Tensors:
        """Send one request, and return what is answered, without the batch's dimension.

        Args:
            end: by the monotonic clock, until when it may be answered.

        Raises:
            InferenceServerException: it is refused, or takes too long.
        """
        given = []
        for name, array in tensors.items():
            tensor = InferInput(name, [1, *array.shape], np_to_triton_dtype(array.dtype))
            tensor.set_data_from_numpy(np.ascontiguousarray(array)[None])
            given.append(tensor)
        left = max(end - time.monotonic(), LEAST_SECONDS)
        answer = self._client.infer(model, given, parameters=parameters, client_timeout=left)
        names = [output.name for output in answer.get_response().outputs]
        return {name: answer.as_numpy(name)[0] for name in names}

    def first(self, inputs: Inputs, end: float) -> None:
        """Send the first of these requests, again while its network is being loaded.

        Args:
            end: by the monotonic clock, until when it may be tried.

        Raises:
            InferenceServerException: it is refused, or takes too long.
        """
        while True:
            try:
                self.ask(inputs.model, inputs.requests[0], end, **inputs.parameters)
                return
            except InferenceServerException as error:
                if ModelLoading.__name__ not in error.message() or time.monotonic() > end:
                    raise
            time.sleep(LOOK_AGAIN_SECONDS)

    def counts(self) -> dict[str, Counts]:
        """Requests and batches of each leaf since it was loaded."""
        answer = self._client.get_inference_statistics(client_timeout=LOOK_SECONDS)
        return {
            each.name: Counts(each.inference_count, each.execution_count)
            for each in answer.model_stats
            if each.name in LEAVES
        }

    def device(self) -> str:
        """``cpu`` or ``cuda``: where its networks run.

        Raises:
            TargetError: there is no model of ours.
        """
        try:
            answer = self._client.get_model_config("whisper", client_timeout=LOOK_SECONDS)
        except InferenceServerException as error:
            raise TargetError(f"Triton at {self.address}: {error.message()}") from None
        return answer.config.parameters["device"].string_value or "cpu"


@contextlib.contextmanager
def found(
    settings: Settings, address: str | None, folder: Path, models: Collection[str]
) -> Iterator[Target]:
    """The Triton at ``address``, or that of the service at PORT, or one that runs meanwhile.

    Args:
        folder: for files of one that runs meanwhile.
        models: what will be measured.

    Raises:
        TargetError: the service at PORT is not well.
        StartError: none can be started.
    """
    given = settings.given_triton_secret
    if address:
        port = int(address.rpartition(":")[2])
        yield Target(address, given or find(port), f"the Triton at {address}")
        return
    url = local_url(settings)
    try:
        health = httpx.get(f"{url}/health", timeout=LOOK_SECONDS)
    except httpx.TransportError:
        yield from _own(folder, models)
        return
    if health.status_code != httpx.codes.OK:
        raise TargetError(f"what answers at {url} is not well: {health.text[:200]}")
    port = settings.triton_grpc_port
    secret = given or find(port)
    yield Target(f"{settings.triton_host}:{port}", secret, f"the service at {url}")


def _own(folder: Path, models: Collection[str]) -> Iterator[Target]:
    variables = {}
    if "wav2vec2" in models:
        progress("making a wav2vec2 with random weights: the real one's cost")
        network = folder / "wav2vec2"
        command = [sys.executable, "-W", "ignore", "-c", MAKE_WAV2VEC2, network]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        variables["ALIGNMENT_MODELS"] = f"en={network}"
    progress("starting the service on ports of its own")
    with Service(folder, variables) as service:
        port = int(service.triton.rpartition(":")[2])
        yield Target(service.triton, find(port), "a service of its own")
