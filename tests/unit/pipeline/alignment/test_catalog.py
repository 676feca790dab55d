"""The table of wav2vec2 networks against WhisperX and torchaudio themselves."""

from pathlib import Path

import pytest
from torchaudio import pipelines
from whisperx import alignment as whisperx

from pipeline.alignment.catalog import NETWORKS
from pipeline.alignment.networks import AlignmentNetworks
from pipeline.errors import WeightsNotFound
from pipeline.settings import read_settings
from pipeline.weights import catalog, wav2vec2_folder
from pipeline.weights.catalog import TORCHAUDIO_FILES


def test_every_language_has_the_network_of_whisperx():
    theirs = whisperx.DEFAULT_ALIGN_MODELS_HF | whisperx.DEFAULT_ALIGN_MODELS_TORCH
    assert theirs == NETWORKS


def test_every_network_of_torchaudio_has_its_file():
    bundles = {name: getattr(pipelines, name) for name in pipelines.__all__}
    files = {
        name: Path(bundle._path).name
        for name, bundle in bundles.items()
        if isinstance(bundle, pipelines.Wav2Vec2ASRBundle)
    }
    assert files == TORCHAUDIO_FILES


def test_every_network_of_torchaudio_has_its_address():
    for name in TORCHAUDIO_FILES:
        path = getattr(pipelines, name)._path
        known = catalog.TORCHAUDIO_URLS.get(name, f"{catalog.TORCHAUDIO_URL}/{path}")
        assert known == (path if path.startswith("https") else f"{catalog.TORCHAUDIO_URL}/{path}")


def test_what_torchaudio_and_transformers_fetched_themselves_is_found_without_the_hub(tmp_path):
    settings = read_settings(device="cpu", cache_dir=tmp_path, hf_hub_offline=True)
    english, dutch = NETWORKS["en"], NETWORKS["nl"]
    for name in (english, dutch):
        with pytest.raises(WeightsNotFound, match=f"{name} is not in"):
            wav2vec2_folder(name, settings)
    folder = tmp_path / "alignment"
    snapshot = folder / f"models--{dutch.replace('/', '--')}/snapshots/0123"
    snapshot.mkdir(parents=True)
    (folder / TORCHAUDIO_FILES[english]).touch()
    assert wav2vec2_folder(english, settings) == folder
    with pytest.raises(WeightsNotFound):
        wav2vec2_folder(dutch, settings)
    for file in ("config.json", "preprocessor_config.json", "vocab.json", "pytorch_model.bin"):
        (snapshot / file).touch()
    assert wav2vec2_folder(dutch, settings) == snapshot


def test_a_language_without_a_network_is_told_at_once_and_asks_nobody(tmp_path):
    networks = AlignmentNetworks(read_settings(device="cpu", cache_dir=tmp_path))
    for language in ("xx", "someone/network", "../../etc"):
        with pytest.raises(WeightsNotFound, match="there is no alignment model"):
            networks.use(language)
    assert not networks._pool._attempts
