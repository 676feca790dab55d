"""What bounds a download: pins, room in the cache and on the disk, time."""

import os

import pytest

from pipeline.errors import WeightsNotFound, WeightsUnavailable
from pipeline.weights import catalog, fetching, kinds, pins, wav2vec2_folder, whisper_folder
from tests.services.model_hub import WHISPER, Hub, sha256


def test_the_pinned_revision_is_the_one(model_hub, settings, monkeypatch):
    model_hub.repositories["Systran/faster-whisper-small"] = WHISPER
    monkeypatch.setitem(pins.REVISIONS, "Systran/faster-whisper-small", "f" * 40)
    with pytest.raises(WeightsUnavailable, match="'small' cannot be fetched"):
        whisper_folder("small", settings)
    monkeypatch.setitem(pins.REVISIONS, "Systran/faster-whisper-small", Hub.COMMIT)
    assert whisper_folder("small", settings)


def test_a_file_that_is_not_the_pinned_one_is_refused_whatever_the_hub_says(
    model_hub, settings, monkeypatch
):
    model_hub.repositories["Systran/faster-whisper-small"] = WHISPER
    pinned = {"model.bin": sha256(b"another")}
    monkeypatch.setitem(pins.SHA256, "Systran/faster-whisper-small", pinned)
    with pytest.raises(WeightsUnavailable, match=r"model\.bin .*pinned .SHA-256 differs"):
        whisper_folder("small", settings)
    pinned["model.bin"] = sha256(WHISPER["model.bin"])
    assert whisper_folder("small", settings)


@pytest.mark.parametrize(
    ("limit", "kind", "words"),
    [
        ({"max_cache_mb": 0.0001}, WeightsNotFound, "MAX_CACHE_MB"),
        ({"min_free_cache_mb": 1e9}, WeightsUnavailable, "MIN_FREE_CACHE_MB"),
    ],
)
def test_what_does_not_fit_is_not_fetched(model_hub, settings, limit, kind, words):
    model_hub.repositories["Systran/faster-whisper-small"] = WHISPER
    with pytest.raises(kind, match=words) as failure:
        whisper_folder("small", settings.model_copy(update=limit))
    assert type(failure.value) is kind
    assert not [request for request in model_hub.requests if "/resolve/" in request]


def test_what_lies_in_the_cache_counts(model_hub, settings):
    model_hub.repositories["Systran/faster-whisper-small"] = WHISPER
    model_hub.repositories["Systran/faster-whisper-tiny"] = WHISPER
    for_one = settings.model_copy(update={"max_cache_mb": 1000 / (1 << 20)})  # of 712 bytes each
    assert whisper_folder("small", for_one)
    with pytest.raises(WeightsNotFound, match="MAX_CACHE_MB"):
        whisper_folder("tiny", for_one)


def test_a_download_that_takes_too_long_is_ended_and_goes_on_later(model_hub, settings):
    model_hub.repositories["Systran/faster-whisper-small"] = WHISPER
    model_hub.open.clear()
    hasty = settings.model_copy(update={"download_timeout_seconds": 1.5})
    with pytest.raises(WeightsUnavailable, match="DOWNLOAD_TIMEOUT_SECONDS"):
        whisper_folder("small", hasty)
    model_hub.open.set()
    assert whisper_folder("small", settings)


def test_what_is_in_the_cache_waits_for_no_download(model_hub, settings):
    model_hub.repositories["Systran/faster-whisper-small"] = WHISPER
    folder = whisper_folder("small", settings)
    held = 0
    while fetching._downloads.acquire(blocking=False):
        held += 1
    try:
        assert held > 1
        assert whisper_folder("small", settings) == folder
    finally:
        fetching._downloads.release(held)


@pytest.fixture
def torchaudio(model_hub, monkeypatch) -> dict[str, bytes]:
    """What lies where torchaudio has its networks."""
    files = {catalog.TORCHAUDIO_FILES["WAV2VEC2_ASR_BASE_960H"]: b"network"}
    model_hub.repositories["torchaudio"] = files
    url = f"{os.environ['HF_ENDPOINT']}/torchaudio/resolve/main"
    monkeypatch.setattr(catalog, "TORCHAUDIO_URL", url)
    return files


def test_a_network_of_torchaudio_is_fetched_within_the_same_limits(
    torchaudio, model_hub, settings, monkeypatch
):
    name, (file,) = "WAV2VEC2_ASR_BASE_960H", torchaudio
    with pytest.raises(WeightsNotFound, match="MAX_CACHE_MB"):
        wav2vec2_folder(name, settings.model_copy(update={"max_cache_mb": 1e-6}))
    monkeypatch.setitem(pins.SHA256["torchaudio"], file, sha256(b"another"))
    with pytest.raises(WeightsUnavailable, match="pinned"):
        wav2vec2_folder(name, settings)
    monkeypatch.setitem(pins.SHA256["torchaudio"], file, sha256(b"network"))
    folder = wav2vec2_folder(name, settings)
    assert (folder / file).read_bytes() == b"network"
    asked = len(model_hub.requests)
    assert wav2vec2_folder(name, settings) == folder
    assert len(model_hub.requests) == asked


def test_of_a_wav2vec2_the_safe_file_is_taken_where_there_is_one(model_hub, settings):
    network = {name: b"{}" for (name, *_) in kinds.WAV2VEC2.needed}
    model_hub.repositories["some/wav2vec2"] = {**network, "pytorch_model.bin": b"pickle"}
    folder = wav2vec2_folder("some/wav2vec2", settings)
    assert (folder / "model.safetensors").exists()
    assert not (folder / "pytorch_model.bin").exists()
    model_hub.repositories["some/whisper"] = WHISPER
    with pytest.raises(WeightsNotFound, match="some/whisper is no wav2vec2"):
        wav2vec2_folder("some/whisper", settings)
