"""Arrays and documents in and out of Triton's tensors.

DLPack only: with NumPy 2, ``as_numpy()`` and ``Tensor(name, array)`` of the
Python backend that is embedded here read the wrong bytes.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np
import triton_python_backend_utils as pb_utils

from documents import FAILURE, Document, DocumentType, Failure

_capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype = ctypes.c_void_p
_capsule_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
_rename_capsule = ctypes.pythonapi.PyCapsule_SetName
_rename_capsule.argtypes = [ctypes.py_object, ctypes.c_char_p]
_new_capsule = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype = ctypes.py_object
_new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
FRESH, CONSUMED = b"dltensor", b"used_dltensor"  # DLPack's names for a capsule's two states


class _DlpackArray:
    """An array as Triton's Python backend can take it over without torch.

    The backend renames the capsule that it has consumed to a name of its own,
    on which NumPy's destructor of the capsule fails.  This one has none; the
    backend calls the deleter of the tensor inside.  Without torch, a step
    takes 60 MB of memory instead of 500.
    """

    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    def __dlpack__(self, stream: object = None) -> object:
        capsule = self._array.__dlpack__()
        pointer = _capsule_pointer(capsule, FRESH)
        _rename_capsule(capsule, CONSUMED)
        return _new_capsule(pointer, FRESH, None)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._array.__dlpack_device__()


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
    """The JSON document in the UINT8 tensor ``name``.

    Raises:
        StepFailed: the step that should have made it failed.
    """
    return kind.decode(read_array(message, name).tobytes())


def failures_in(message: object, names: Sequence[str]) -> list[Failure]:
    """Those of these tensors that say what failed in the place of their document."""
    contents = [read_array(message, name)[0] for name in names]
    return [
        Failure.model_validate_json(content.tobytes())
        for content in contents
        if content[: len(FAILURE)].tobytes() == FAILURE
    ]


def array_tensor(name: str, array: np.ndarray) -> pb_utils.Tensor:
    """A tensor of this array; copied where Triton could not read it in place."""
    if not (array.flags.c_contiguous and array.flags.writeable):
        array = array.copy(order="C")
    return pb_utils.Tensor.from_dlpack(name, _DlpackArray(array))


def document_tensor(name: str, document: Document) -> pb_utils.Tensor:
    """A UINT8 [1, N] tensor of the document's JSON."""
    return array_tensor(name, np.frombuffer(bytearray(document.encode()), np.uint8)[None])


def document_tensors(names: Sequence[str], document: Document) -> list[pb_utils.Tensor]:
    """The same document under several names."""
    return [document_tensor(name, document) for name in names]
