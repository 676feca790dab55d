"""Failures of libraries: those after which a process must end, those for want of memory."""

import ctypes
from pathlib import Path

import nvidia.cublas.lib
import nvidia.cuda_runtime.lib
import pytest
import torch

from pipeline.errors import BrokenDevice, InvalidRequest, OutOfMemory
from pipeline.hardware.failures import breaks_device, is_out_of_memory

# cudaError_t whose description in CUDA's manual ends with «the process must be terminated and
# relaunched», or says that the context or its server is gone.
STICKY = (4, 201, 214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721)
STICKY_TOO = (806, 810, 911, 999)
HARMLESS = (1, 35, 98, 101, 209, 222, 400, 600, 701, 720, 801, 904)
MEMORY = 2
FORMS = (
    "CUDA error: {}\nCUDA kernel errors might be asynchronously reported at some other API call",
    "CUDA failed with error {}",
    "CUDA failure 700: {} ; GPU=0 ; hostname=host",
    "parallel_for failed: cudaErrorOfSomeKind: {}",
    "CUDA driver error: {}",
)


def words(code: int) -> str:
    """CUDA's own for an error."""
    (folder,) = nvidia.cuda_runtime.lib.__path__
    runtime = ctypes.CDLL(str(next(Path(folder).glob("libcudart.so.*"))))
    runtime.cudaGetErrorString.restype = ctypes.c_char_p
    return runtime.cudaGetErrorString(code).decode()


def status(code: int) -> str:
    """cuBLAS' own name of one of its statuses."""
    (folder,) = nvidia.cublas.lib.__path__
    library = ctypes.CDLL(str(next(Path(folder).glob("libcublasLt.so.*"))))
    library.cublasLtGetStatusName.restype = ctypes.c_char_p
    return library.cublasLtGetStatusName(code).decode()


@pytest.mark.parametrize("form", FORMS[:2])
@pytest.mark.parametrize("code", STICKY + STICKY_TOO)
def test_what_breaks_the_context_is_known_by_cudas_own_words(code, form):
    failure = RuntimeError(form.format(words(code)))
    assert breaks_device(failure)
    assert not is_out_of_memory(failure)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("code", [700, 710, 719])
def test_each_library_has_a_form_of_its_own(code, form):
    assert breaks_device(RuntimeError(form.format(words(code))))


@pytest.mark.parametrize("code", HARMLESS)
def test_what_another_call_may_do_better_ends_nothing(code):
    failure = RuntimeError(FORMS[0].format(words(code)))
    assert not breaks_device(failure)
    assert not is_out_of_memory(failure)


@pytest.mark.parametrize("form", FORMS)
def test_want_of_memory_is_known(form):
    failure = RuntimeError(form.format(words(MEMORY)))
    assert is_out_of_memory(failure)
    assert not breaks_device(failure)


@pytest.mark.parametrize(
    ("code", "breaks", "full"), [(13, True, False), (11, True, False), (3, False, True)]
)
def test_cublas_is_understood_in_both_libraries(code, breaks, full):
    for text in (
        f"CUDA error: {status(code)} when calling `cublasSgemm( handle, opa, opb, m, n, k)`",
        f"cuBLAS failed with status {status(code)}",
    ):
        failure = RuntimeError(text)
        assert (breaks_device(failure), is_out_of_memory(failure)) == (breaks, full)


def test_libraries_of_the_cpu_are_out_of_memory_too():
    with pytest.raises(RuntimeError) as of_torch:
        torch.empty(1 << 60, dtype=torch.uint8)
    for failure in (
        of_torch.value,
        MemoryError("std::bad_alloc"),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("Failed to allocate memory for requested buffer of size 73728000"),
    ):
        assert is_out_of_memory(failure)
        assert not breaks_device(failure)


def test_words_of_a_client_end_nothing():
    text = f"language: 'CUDA error: {words(700)}, CUDA error: {words(MEMORY)}' is none"
    assert not breaks_device(InvalidRequest(text))
    assert not is_out_of_memory(InvalidRequest(text))
    assert breaks_device(BrokenDevice("whatever"))
    assert is_out_of_memory(OutOfMemory("whatever"))


def test_other_failures_are_neither():
    for failure in (RuntimeError("misaligned address"), KeyError("x"), ValueError("shape (3, 2)")):
        assert not breaks_device(failure)
        assert not is_out_of_memory(failure)
