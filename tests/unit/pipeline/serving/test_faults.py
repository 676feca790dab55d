"""Faults that are provoked: only where the variable says so, and as often as was asked."""

import ctypes
from pathlib import Path

import nvidia.nvjitlink.lib
import pytest

from pipeline.hardware.failures import breaks_device, is_out_of_memory
from pipeline.serving import PROVOKED_FAULTS
from pipeline.serving.batches import faults
from pipeline.serving.batches.faults import KERNEL, Fault, arrange, provoker

PTX = 2  # nvJitLinkInputType


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(PROVOKED_FAULTS, str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("leaf", ["whisper", "segmentation"])
def test_a_fault_happens_as_often_as_it_was_arranged(folder, leaf):
    provoke = provoker(leaf)
    provoke(8)
    arrange(folder, leaf, Fault("out of memory", above=2, times=2))
    provoke(2)
    for _ in range(2):
        with pytest.raises(RuntimeError) as failure:
            provoke(3)
        assert is_out_of_memory(failure.value)
    provoke(3)
    arrange(folder, leaf, Fault("broken device"))
    provoker("another")(1)
    with pytest.raises(RuntimeError) as failure:
        provoke(1)
    assert breaks_device(failure.value)
    arrange(folder, leaf, Fault("failure", times=100))
    with pytest.raises(RuntimeError) as failure:
        provoke(1)
    assert not breaks_device(failure.value)
    assert not is_out_of_memory(failure.value)
    arrange(folder, leaf, None)
    provoke(1)


def test_a_card_is_broken_in_fact_and_full_in_words(folder, monkeypatch):
    broken = []
    monkeypatch.setattr(faults, "_break_device", lambda: broken.append(True))  # there is none here
    provoke = provoker("whisper", on_card=True)
    arrange(folder, "whisper", Fault("broken device"))
    provoke(1)  # what the library then says of it is its own
    assert broken == [True]
    arrange(folder, "whisper", Fault("out of memory"))
    with pytest.raises(RuntimeError, match="out of memory"):
        provoke(1)
    assert broken == [True]


def test_without_the_variable_there_are_none(tmp_path, monkeypatch):
    monkeypatch.delenv(PROVOKED_FAULTS, raising=False)
    arrange(tmp_path, "whisper", Fault("failure", times=9))
    provoker("whisper")(1)
    assert (tmp_path / "whisper").exists()


@pytest.mark.parametrize("architecture", ["sm_60", "sm_75", "sm_86", "sm_90", "sm_120"])
def test_the_kernel_is_one_for_every_card(architecture):
    """NVIDIA's own assembler takes it, as the driver's has to; without a card."""
    (folder,) = nvidia.nvjitlink.lib.__path__
    library = ctypes.CDLL(str(next(Path(folder).glob("libnvJitLink.so.*"))))
    linker, size = ctypes.c_void_p(), ctypes.c_size_t()
    options = (ctypes.c_char_p * 1)(f"-arch={architecture}".encode())
    assert library.__nvJitLinkCreate_12_0(ctypes.byref(linker), 1, options) == 0
    assert library.__nvJitLinkAddData_12_0(linker, PTX, KERNEL, len(KERNEL), b"fault") == 0
    assert library.__nvJitLinkComplete_12_0(linker) == 0
    assert library.__nvJitLinkGetLinkedCubinSize_12_0(linker, ctypes.byref(size)) == 0
    assert size.value > 1000
