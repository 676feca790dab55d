"""Arrays and documents in and out of Triton's tensors.

DLPack only: with NumPy 2, ``as_numpy()`` and ``Tensor(name, array)`` of the
Python backend that is embedded here read the wrong bytes.
"""

from __future__ import annotations

import numpy as np
import torch
import triton_python_backend_utils as pb_utils

from pipeline.documents import Document, DocumentType


def read_array(message: object, name: str) -> np.ndarray:
    """The tensor ``name`` of a request or response, without a copy; read-only.

    Raises:
        KeyError: there is no such tensor.
    """
    lookup = (
        pb_utils.get_input_tensor_by_name
        if hasattr(message, "inputs")
        else pb_utils.get_output_tensor_by_name
    )
    tensor = lookup(message, name)
    if tensor is None:
        raise KeyError(f"no tensor {name}")
    return np.from_dlpack(tensor)


def read_document(message: object, name: str, kind: type[DocumentType]) -> DocumentType:
    """The JSON document in the UINT8 tensor ``name``."""
    return kind.model_validate_json(read_array(message, name).tobytes())


def array_tensor(name: str, array: np.ndarray) -> pb_utils.Tensor:
    """A tensor of this array; copied where Triton could not read it in place."""
    if not (array.flags.c_contiguous and array.flags.writeable):
        array = array.copy(order="C")
    return pb_utils.Tensor.from_dlpack(name, torch.from_numpy(array))


def document_tensor(name: str, document: Document) -> pb_utils.Tensor:
    """A UINT8 [1, N] tensor of the document's JSON."""
    return array_tensor(name, np.frombuffer(bytearray(document.encode()), np.uint8)[None])
