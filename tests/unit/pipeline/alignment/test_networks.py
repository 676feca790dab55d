"""A network of the hub: what is fetched of it is what it takes to load it."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.alignment.networks import AlignmentNetworks
from pipeline.audio import SAMPLE_RATE
from pipeline.settings import read_settings
from tests.services.model_hub import serve_hub
from tests.speech.wav2vec2 import LETTERS, save_small_wav2vec2


def test_a_network_of_the_hub_is_fetched_and_loaded(tmp_path: Path, monkeypatch):
    saved = save_small_wav2vec2(tmp_path / "saved")
    settings = read_settings(
        device="cpu",
        cache_dir=tmp_path / "cache",
        hf_hub_offline=False,
        hf_token=None,
        alignment_models={"en": "some/wav2vec2"},
    )
    with serve_hub() as (hub, url):
        monkeypatch.setenv("HF_ENDPOINT", url)
        files = {file.name: file.read_bytes() for file in saved.iterdir()}
        hub.repositories["some/wav2vec2"] = {**files, "optimizer.pt": b"large"}
        network = AlignmentNetworks(settings).load_now("en")
        assert not [request for request in hub.requests if "optimizer" in request]
    (folder,) = (tmp_path / "cache/weights/wav2vec2").iterdir()
    assert folder.name == "some--wav2vec2"
    assert set(LETTERS) <= set(network.labels.columns)
    emission = network.emission(np.zeros(SAMPLE_RATE, np.int16))
    assert emission.shape[1] == len(network.labels.columns)
    assert np.exp(emission).sum(axis=1) == pytest.approx(1, abs=1e-4)
