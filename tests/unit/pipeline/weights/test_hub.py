"""Weights from a model hub, the real client against a server of the test's own."""

import pytest
from pydantic import SecretStr

from pipeline.errors import InvalidRequest, WeightsNotFound, WeightsUnavailable
from pipeline.weights import community_folder, segmentation_file, whisper_folder

WHISPER = {
    "config.json": b"{}",
    "model.bin": b"weights" * 100,
    "tokenizer.json": b'{"a": 1}',
    "vocabulary.txt": b"a\nb",
    "README.md": b"not needed",
}


def test_a_whisper_of_the_hub_is_fetched_once(model_hub, settings):
    model_hub.repositories["someone/whisper-ct2"] = WHISPER
    model_hub.large.add("model.bin")
    folder = whisper_folder("someone/whisper-ct2", settings)
    assert (folder / "model.bin").read_bytes() == WHISPER["model.bin"]
    assert (folder / "vocabulary.txt").exists()
    assert not (folder / "README.md").exists()
    asked = len(model_hub.requests)
    assert whisper_folder("someone/whisper-ct2", settings) == folder
    assert len(model_hub.requests) == asked


@pytest.mark.parametrize("file", ["model.bin", "config.json"])
def test_a_file_that_arrives_damaged_is_refused(file, model_hub, settings):
    model_hub.repositories["someone/whisper-ct2"] = WHISPER
    model_hub.large.add("model.bin")
    model_hub.damaged.add(file)
    with pytest.raises(WeightsUnavailable, match=rf"{file} .*checksum differs"):
        whisper_folder("someone/whisper-ct2", settings)
    model_hub.damaged.clear()
    assert (whisper_folder("someone/whisper-ct2", settings) / file).read_bytes() == WHISPER[file]


def test_a_repository_that_is_not_there_is_the_request_s_mistake(model_hub, settings):
    with pytest.raises(InvalidRequest, match="someone/nothing"):
        whisper_folder("someone/nothing", settings)


def test_a_repository_without_a_whisper_is_the_request_s_mistake(model_hub, settings):
    model_hub.repositories["someone/other"] = {"config.json": b"{}"}
    with pytest.raises(InvalidRequest, match="not a Whisper"):
        whisper_folder("someone/other", settings)


def test_the_hub_goes_before_the_wheels(model_hub, settings):
    model_hub.repositories["onnx-community/pyannote-segmentation-3.0"] = {
        "onnx/model.onnx": b"network",
        "onnx/model_fp16.onnx": b"another",
    }
    path = segmentation_file(settings)
    assert path.read_bytes() == b"network"
    assert [file.name for file in path.parent.iterdir()] == ["model.onnx"]


def test_community_needs_a_token_until_it_is_in_the_cache(model_hub, settings):
    assert community_folder(settings) is None
    model_hub.repositories["pyannote/speaker-diarization-community-1"] = {
        "config.yaml": b"pipeline:",
        "segmentation/pytorch_model.bin": b"network",
        "plda/plda.npz": b"numbers",
    }
    folder = community_folder(settings.model_copy(update={"hf_token": SecretStr("secret")}))
    assert (folder / "segmentation" / "pytorch_model.bin").read_bytes() == b"network"
    assert (folder / "plda" / "plda.npz").exists()
    assert community_folder(settings) == folder


def test_a_token_that_does_not_open_community_says_what_to_do(model_hub, settings):
    with pytest.raises(WeightsUnavailable, match="accept its conditions"):
        community_folder(settings.model_copy(update={"hf_token": SecretStr("secret")}))


def test_offline_asks_nothing(model_hub, settings):
    model_hub.repositories["Systran/faster-whisper-small"] = WHISPER
    with pytest.raises(WeightsNotFound, match="HF_HUB_OFFLINE"):
        whisper_folder("small", settings.model_copy(update={"hf_hub_offline": True}))
    assert model_hub.requests == []
    online = whisper_folder("small", settings)
    assert whisper_folder("small", settings.model_copy(update={"hf_hub_offline": True})) == online
