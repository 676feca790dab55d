"""Weights from a model hub, the real client against a server of the test's own."""

from pathlib import Path

import pytest

from pipeline.errors import InvalidRequest, WeightsNotFound, WeightsUnavailable
from pipeline.settings import Settings
from pipeline.weights import (
    catalog,
    segmentation_file,
    whisper_folder,
)
from tests.services.model_hub import WHISPER

THEIRS = "someone/whisper-ct2"


@pytest.fixture
def theirs(settings: Settings) -> Settings:
    """Settings that name a Whisper of the hub, and others that are none."""
    models = ("base", THEIRS, "someone/nothing", "someone/other", catalog.COMMUNITY)
    return settings.model_copy(update={"models": models})


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_whisper_of_the_hub_is_fetched_once(model_hub, theirs):
    model_hub.repositories[THEIRS] = WHISPER
    model_hub.large.add("model.bin")
    folder = whisper_folder(THEIRS, theirs)
    assert (folder / "model.bin").read_bytes() == WHISPER["model.bin"]
    assert (folder / "vocabulary.txt").exists()
    assert not (folder / "README.md").exists()
    asked = len(model_hub.requests)
    assert whisper_folder(THEIRS, theirs) == folder
    assert len(model_hub.requests) == asked


@pytest.mark.parametrize("file", ["model.bin", "config.json"])
def test_a_file_that_arrives_damaged_is_refused(file, model_hub, theirs):
    model_hub.repositories[THEIRS] = WHISPER
    model_hub.large.add("model.bin")
    model_hub.damaged.add(file)
    with pytest.raises(WeightsUnavailable, match=rf"{file} .*checksum differs"):
        whisper_folder(THEIRS, theirs)
    model_hub.damaged.clear()
    assert (whisper_folder(THEIRS, theirs) / file).read_bytes() == WHISPER[file]


def test_only_files_of_these_names_at_the_top_are_fetched(model_hub, theirs):
    others = {f"{folder}/{name}": b"x" for folder in ("old", "a/b") for name in WHISPER}
    others |= {"vocabulary.zip": b"x", "vocabulary.": b"x", "model.bin.bak": b"x"}
    model_hub.repositories[THEIRS] = {**others, **WHISPER, "vocabulary.json": b"[]"}
    whisper_folder(THEIRS, theirs)
    asked = {request.rpartition("/")[2] for request in model_hub.requests if "/resolve/" in request}
    assert asked == {"config.json", "model.bin", "tokenizer.json", "vocabulary.json"}
    assert not [request for request in model_hub.requests if "old" in request or "a/b" in request]


def test_a_repository_that_is_not_there_is_the_request_s_mistake_and_leaves_nothing(
    model_hub, theirs
):
    with pytest.raises(InvalidRequest, match="someone/nothing"):
        whisper_folder("someone/nothing", theirs)
    assert files_in(theirs.cache_dir) == []


@pytest.mark.parametrize("file", ["model.bin", "tokenizer.json", "vocabulary.txt", "config.json"])
def test_a_repository_without_a_whisper_is_refused_before_anything_is_fetched(
    file, model_hub, theirs
):
    model_hub.repositories["someone/other"] = {
        name: content for name, content in WHISPER.items() if name != file
    }
    with pytest.raises(InvalidRequest, match=rf"is no Whisper .*: it has no .*{file}"):
        whisper_folder("someone/other", theirs)
    assert not [request for request in model_hub.requests if "/resolve/" in request]
    assert files_in(theirs.cache_dir) == []


def test_a_folder_that_lacks_files_is_fetched_again(model_hub, settings):
    model_hub.repositories["Systran/faster-whisper-small"] = WHISPER
    folder = settings.cache_dir / "weights/whisper/Systran--faster-whisper-small"
    folder.mkdir(parents=True)
    (folder / "config.json").write_bytes(b"old")
    assert whisper_folder("small", settings) == folder
    assert (folder / "config.json").read_bytes() == b"{}"
    assert (folder / "model.bin").exists()


def test_what_a_previous_version_fetched_is_used_where_it_lies(model_hub, settings):
    folder = settings.cache_dir / "weights/Systran--faster-whisper-small"
    folder.mkdir(parents=True)
    for name, content in WHISPER.items():
        (folder / name).write_bytes(content)
    assert whisper_folder("small", settings) == folder
    assert model_hub.requests == []


def test_a_whisper_that_nobody_named_is_not_asked_for(model_hub, settings):
    model_hub.repositories[THEIRS] = WHISPER
    with pytest.raises(InvalidRequest, match="has to be named in MODELS"):
        whisper_folder(THEIRS, settings)
    assert model_hub.requests == []
    assert not settings.cache_dir.exists()
    preloaded = settings.model_copy(update={"preload_model": THEIRS})
    assert (whisper_folder(THEIRS, preloaded) / "model.bin").exists()


def test_the_hub_goes_before_the_wheels(model_hub, settings):
    model_hub.repositories["onnx-community/pyannote-segmentation-3.0"] = {
        "onnx/model.onnx": b"network",
        "onnx/model_fp16.onnx": b"another",
    }
    path = segmentation_file(settings)
    assert path.read_bytes() == b"network"
    assert [file.name for file in path.parent.iterdir()] == ["model.onnx"]


def test_offline_asks_nothing(model_hub, settings):
    model_hub.repositories["Systran/faster-whisper-small"] = WHISPER
    offline = settings.model_copy(update={"hf_hub_offline": True})
    with pytest.raises(WeightsNotFound, match="HF_HUB_OFFLINE"):
        whisper_folder("small", offline)
    assert model_hub.requests == []
    online = whisper_folder("small", settings)
    assert whisper_folder("small", offline) == online
