"""Pieces for a leaf of a running Triton, and which of its processes have answered."""

import json
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from pipeline.settings import Settings

SECONDS = 240.0  # for an answer: the first one on a new card waits until it is compiled for
ROUNDS = 6  # in which every process of a leaf should have had its turn
PIECES = re.compile(r"^asr_leaf_pieces_total\{([^}]*)\} (\S+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]*)"')

Inputs = dict[str, np.ndarray]


class Leaf:
    """One of the models that hold networks."""

    def __init__(self, settings: Settings, name: str) -> None:
        self.name = name
        host = settings.triton_host
        self._client = triton.InferenceServerClient(f"{host}:{settings.triton_grpc_port}")
        self._metrics = f"http://{host}:{settings.triton_metrics_port}/metrics"

    def ask(self, inputs: Inputs, output: str, **parameters: object) -> np.ndarray:
        """One piece's answer.

        Raises:
            InferenceServerException: with what the leaf says of it.
        """
        tensors = []
        for name, array in inputs.items():
            tensor = triton.InferInput(name, [1, *array.shape], np_to_triton_dtype(array.dtype))
            tensor.set_data_from_numpy(np.ascontiguousarray(array)[None])
            tensors.append(tensor)
        answer = self._client.infer(
            self.name,
            tensors,
            outputs=[triton.InferRequestedOutput(output)],
            parameters=parameters,
            client_timeout=SECONDS,
        )
        return answer.as_numpy(output)[0]

    def ask_together(
        self, pieces: Sequence[tuple[Inputs, dict[str, object]]], output: str
    ) -> list[np.ndarray | InferenceServerException]:
        """The answers to pieces that are all sent at once."""

        def ask(piece: tuple[Inputs, dict[str, object]]) -> np.ndarray | InferenceServerException:
            inputs, parameters = piece
            try:
                return self.ask(inputs, output, **parameters)
            except InferenceServerException as failure:
                return failure

        with ThreadPoolExecutor(len(pieces)) as threads:
            return list(threads.map(ask, pieces))

    def answered(self) -> dict[str, float]:
        """The pieces that each process of it has answered so far, by its instance's name."""
        counts: dict[str, float] = {}
        for labels, count in PIECES.findall(httpx.get(self._metrics, timeout=10).text):
            told = dict(LABEL.findall(labels))
            if told.get("leaf") == self.name:
                counts[told["instance"]] = float(count)
        return counts

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()


def document(answer: np.ndarray) -> dict[str, object]:
    """An answer of UINT8 that is JSON."""
    return json.loads(answer.tobytes())
