"""Networks in ONNX Runtime on a CPU, whose graphs are kept here and whose weights are not."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime

GRAPHS = Path(__file__).with_name("graphs")


def session_options(threads: int) -> onnxruntime.SessionOptions:
    """Options for so many threads; 0 leaves their number to ONNX Runtime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Threads that wait actively take the cores from the other leaves.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # What a batch needs would be kept for good, 150 MB in segmentation's process.
    options.enable_cpu_mem_arena = False
    return options


def open_graph(
    name: str, tensors: Mapping[str, np.ndarray], threads: int
) -> onnxruntime.InferenceSession:
    """Open a graph of this package with the weights of a checkpoint.

    Args:
        name: of the file in ``graphs``, without its suffix.
        tensors: by the names that they have in the checkpoint and in the graph.
        threads: of one run.

    Raises:
        ValueError: a weight of the graph is missing, or has another shape or type.
    """
    options = session_options(threads)
    graph = (GRAPHS / f"{name}.onnx").read_bytes()
    wanted = [tensor for tensor in tensors if _name_field(tensor) in graph]
    values = [without_subnormals(np.ascontiguousarray(tensors[tensor])) for tensor in wanted]
    options.add_external_initializers(
        wanted, [onnxruntime.OrtValue.ortvalue_from_numpy(value) for value in values]
    )
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime has a class of its own for each reason
        raise ValueError(f"the weights do not fit the graph {name}: {error}") from error


def without_subnormals(tensor: np.ndarray) -> np.ndarray:
    """The same values, and zero for those below 1e-38 that single precision has fewer digits for.

    Weights that training did not need have decayed to them: 4 % of those of ECAPA's attention.
    Intel's processors take a hundred times as long for each multiplication by one, which was more
    than half of what an embedding cost; no embedding changes by a bit.
    """
    if tensor.dtype != np.float32:
        return tensor
    return np.where(np.abs(tensor) < np.finfo(np.float32).tiny, np.float32(0), tensor)


def _name_field(tensor: str) -> bytes:
    """The name of a graph's initializer as ONNX writes it: TensorProto's field 8, a string."""
    return bytes([8 << 3 | 2, len(tensor.encode())]) + tensor.encode()
