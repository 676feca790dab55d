"""Settings fail by name, and their defaults follow the hardware."""

import pytest

from pipeline import settings as module
from pipeline.settings import SettingsError, read_settings


@pytest.fixture(autouse=True)
def _clean(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # no .env
    for name in ("DEVICE", "COMPUTE_TYPE", "PRELOAD_MODEL", "ALIGNMENT_MODELS", "BATCH_SIZE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEVICE", "gpu"),
        ("BATCH_SIZE", "many"),
        ("BATCH_SIZE", "0"),
        ("ALIGNMENT_MODELS", "en"),
        ("DIARIZE_MAX_SPEAKERS", "none"),
        ("DIARIZE_CLUSTERING_THRESHOLD", "0"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name) as failure:
        read_settings()
    assert value in str(failure.value)


def test_speakers_out_of_order_are_refused(monkeypatch):
    monkeypatch.setenv("DIARIZE_MIN_SPEAKERS", "3")
    monkeypatch.setenv("DIARIZE_MAX_SPEAKERS", "2")
    with pytest.raises(SettingsError, match=r"DIARIZE_MAX_SPEAKERS='2'.*DIARIZE_MIN_SPEAKERS is 3"):
        read_settings()


def test_cuda_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(module, "cuda_is_available", lambda: False)
    with pytest.raises(SettingsError, match="DEVICE='cuda': no CUDA device is visible"):
        read_settings(device="cuda")


@pytest.mark.parametrize(
    ("cuda", "model", "compute_type", "device"),
    [(True, "large-v3", "float16", "cuda"), (False, "base", "int8", "cpu")],
)
def test_defaults_follow_the_hardware(monkeypatch, cuda, model, compute_type, device):
    monkeypatch.setattr(module, "cuda_is_available", lambda: cuda)
    settings = read_settings()
    assert settings.default_model == model
    assert settings.whisper_compute_type == compute_type
    assert settings.torch_device == device


def test_what_is_set_goes_before_the_defaults(monkeypatch):
    monkeypatch.setenv("PRELOAD_MODEL", "small")
    monkeypatch.setenv("COMPUTE_TYPE", "float32")
    monkeypatch.setenv("ALIGNMENT_MODELS", "en=/models/english, de=some/german")
    settings = read_settings()
    assert settings.default_model == "small"
    assert settings.whisper_compute_type == "float32"
    assert settings.alignment_models == {"en": "/models/english", "de": "some/german"}


def test_an_empty_variable_is_as_good_as_none(monkeypatch):
    monkeypatch.setenv("PRELOAD_MODEL", "")
    assert read_settings(device="cpu").default_model == "base"


def test_a_file_beside_the_service_is_read(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("PRELOAD_MODEL=turbo\nSOMETHING_ELSE=1\n")
    assert read_settings().default_model == "turbo"
