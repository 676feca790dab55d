"""What a failure of a library says of the device that it computes on.

Libraries raise ``RuntimeError`` for all of it and differ in what they write around CUDA's words:
torch «CUDA error: …», «CUDA out of memory. …», «cuDNN error: …», CTranslate2 «CUDA failed with
error …» and «cuBLAS failed with status …», ONNX Runtime «CUDA failure 700: …».  CUDA's own are
those of ``cudaGetErrorString`` and of the names of its libraries' statuses.
"""

import re

from pipeline.errors import BrokenDevice, OutOfMemory, PipelineError

# After these the process has to end: whatever it asks of the card fails in the same way.
STICKY = (
    *("an illegal memory access was encountered", "an illegal instruction was encountered"),
    *("the launch timed out and was terminated", "unspecified launch failure"),
    *("device-side assert triggered", "hardware stack error", "misaligned address"),
    *("operation not supported on global/shared address space", "invalid program counter"),
    *("uncorrectable ECC error encountered", "uncorrectable NVLink error"),
    *("Invalid access of peer GPU memory", "tensor memory not completely freed"),
    *("an async error has occured in external entity", "context is destroyed"),
    *("invalid device context", "driver shutting down"),
    *("the MPS client has been terminated", "between the MPS server and the MPS client failed"),
    *("error: unknown error", "error unknown error", "cudaErrorUnknown"),
    # What CUDA's libraries make of any of these.
    *("CUBLAS_STATUS_EXECUTION_FAILED", "CUBLAS_STATUS_MAPPING_ERROR"),
    *("CUDNN_STATUS_EXECUTION_FAILED", "CUDNN_STATUS_MAPPING_ERROR", "CUFFT_EXEC_FAILED"),
)
FULL = (
    *("out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUFFT_ALLOC_FAILED"),
    # cuBLAS and cuDNN have no other word for a card that is too full for their workspace.
    *("CUBLAS_STATUS_NOT_INITIALIZED", "CUDNN_STATUS_NOT_INITIALIZED"),
    *("CUDNN_STATUS_ALLOC_FAILED", "ALLOCATION_FAILED", "Failed to allocate memory"),
    *("can't allocate memory", "bad_alloc", "bad allocation"),
)
OF_CUDA = re.compile(r"cuda|cublas|cudnn|cufft", re.IGNORECASE)


def breaks_device(failure: BaseException) -> bool:
    """Whether this process can compute nothing on its device any more.

    A :class:`~pipeline.errors.PipelineError` may hold words of a client, and is believed only
    where its kind says so.
    """
    if isinstance(failure, PipelineError):
        return isinstance(failure, BrokenDevice)
    text = str(failure)
    return bool(OF_CUDA.search(text)) and any(words in text for words in STICKY)


def is_out_of_memory(failure: BaseException) -> bool:
    """Whether there was no memory for it, on the device or in the machine."""
    if isinstance(failure, PipelineError):
        return isinstance(failure, OutOfMemory)
    if isinstance(failure, MemoryError):
        return True
    text = str(failure)
    return not breaks_device(failure) and any(words in text for words in FULL)
