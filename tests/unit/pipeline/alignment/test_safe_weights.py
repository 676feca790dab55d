"""wav2vec2 from files that would run something, were they unpickled."""

import os
from pathlib import Path

import pytest
import torch

from pipeline.alignment.networks import AlignmentNetworks
from pipeline.errors import WeightsUnavailable
from pipeline.settings import read_settings
from pipeline.weights.catalog import TORCHAUDIO_FILES
from tests.speech.wav2vec2 import save_small_wav2vec2


class Touch:
    """Pickled, it asks whoever reads it to make a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple:
        return os.system, (f"touch {self._path}",)


@pytest.fixture
def called(tmp_path: Path) -> Path:
    """The file that is there once a pickle was run."""
    torch.save({"weight": Touch(tmp_path / "called")}, tmp_path / "probe.bin")
    torch.load(tmp_path / "probe.bin", weights_only=False)
    (tmp_path / "called").unlink()  # raises if it was not made: the files below would show nothing
    return tmp_path / "called"


@pytest.fixture
def unsafe(monkeypatch: pytest.MonkeyPatch) -> None:
    """As people start a WhisperX whose pyannote does not load otherwise."""
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")


def test_a_pickle_of_torchaudios_is_not_run(tmp_path, called, unsafe):
    settings = read_settings(device="cpu", cache_dir=tmp_path, hf_hub_offline=True)
    (tmp_path / "alignment").mkdir()
    file = tmp_path / "alignment" / TORCHAUDIO_FILES["WAV2VEC2_ASR_BASE_960H"]
    torch.save({"weight": Touch(called)}, file)
    with pytest.raises(WeightsUnavailable, match="WAV2VEC2_ASR_BASE_960H for 'en' cannot be load"):
        AlignmentNetworks(settings).load_now("en")
    assert not called.exists()


def test_a_pickle_in_a_folder_is_not_run(tmp_path, called, unsafe):
    folder = save_small_wav2vec2(tmp_path / "network")
    (folder / "model.safetensors").unlink()
    torch.save({"weight": Touch(called)}, folder / "pytorch_model.bin")
    settings = read_settings(device="cpu", alignment_models={"en": str(folder)})
    with pytest.raises(WeightsUnavailable, match="for 'en' cannot be loaded"):
        AlignmentNetworks(settings).load_now("en")
    assert not called.exists()
