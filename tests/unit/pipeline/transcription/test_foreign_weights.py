"""Weights that crash whoever reads them crash a process that nobody needs."""

from pathlib import Path

import pytest

from pipeline import children
from pipeline.errors import InvalidRequest
from pipeline.settings import Settings, read_settings
from pipeline.transcription import foreign_weights
from pipeline.transcription.foreign_weights import try_elsewhere
from pipeline.transcription.whisper_models import WhisperModels
from pipeline.weights import whisper_folder
from tests.speech.whisper import without_heads


@pytest.fixture(scope="module")
def good() -> Path:
    return whisper_folder("tiny.en", read_settings())


@pytest.fixture(scope="module")
def crafted(good: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """tiny.en, saying of itself that its encoder has no attention heads."""
    folder = tmp_path_factory.mktemp("crafted")
    for file in good.iterdir():
        if file.is_file() and file.name != "model.bin":
            (folder / file.name).symlink_to(file)
    (folder / "model.bin").write_bytes(without_heads((good / "model.bin").read_bytes()))
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings(device="cpu", cache_dir=tmp_path, cores=1)


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders that were tried in a process."""
    folders = []

    def run(module: str, folder: str, *others: str, **limits: float) -> tuple[int, str]:
        folders.append(folder)
        return real(module, folder, *others, **limits)

    real = children.run
    monkeypatch.setattr(foreign_weights.children, "run", run)
    return folders


def test_weights_that_crash_are_an_error_of_whoever_names_them(crafted, good, settings, tried):
    named = settings.model_copy(update={"preload_model": str(good), "models": (str(crafted),)})
    models = WhisperModels.__new__(WhisperModels)  # without a default network
    models._settings = named
    for _ in range(2):
        with pytest.raises(InvalidRequest, match=rf"{crafted}.*ends the process .*SIGFPE"):
            models._load(str(crafted), crafted)
    assert tried == [str(crafted)]  # it is remembered


def test_weights_that_can_be_loaded_are_tried_once(good, settings, tried):
    for _ in range(2):
        try_elsewhere(good, settings)
    assert tried == [str(good)]


def test_weights_that_were_changed_are_tried_again(crafted, settings, tried):
    for _ in range(2):
        with pytest.raises(RuntimeError, match="SIGFPE"):
            try_elsewhere(crafted, settings)
    (crafted / "added_tokens.json").write_text("{}", encoding="utf-8")
    with pytest.raises(RuntimeError, match="SIGFPE"):
        try_elsewhere(crafted, settings)
    assert tried == [str(crafted)] * 2


def test_weights_that_are_none_say_why_and_are_not_held_against_them(tmp_path, good, settings):
    (tmp_path / "model.bin").write_bytes(b"weights")
    for _ in range(2):
        with pytest.raises(RuntimeError, match="model binary version"):
            try_elsewhere(tmp_path, settings)
    assert not (settings.cache_dir / "weights").exists()


def test_a_lack_of_memory_is_nobodys_mistake(good, settings, monkeypatch):
    monkeypatch.setattr(foreign_weights.children, "run", lambda *_, **__: (-9, ""))
    with pytest.raises(RuntimeError, match="out of memory"):
        try_elsewhere(good, settings)
