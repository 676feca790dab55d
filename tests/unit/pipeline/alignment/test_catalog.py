"""The table of wav2vec2 networks against WhisperX and torchaudio themselves."""

from pathlib import Path

import pytest
from torchaudio import pipelines
from whisperx import alignment as whisperx

from pipeline.alignment.catalog import NETWORKS, TORCHAUDIO_FILES, cached_name
from pipeline.alignment.networks import AlignmentNetworks
from pipeline.errors import WeightsNotFound
from pipeline.settings import read_settings


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


@pytest.mark.parametrize("language", ["en", "nl"])
def test_a_network_that_was_fetched_is_found_without_the_hub(tmp_path, language):
    settings = read_settings(device="cpu", cache_dir=tmp_path, hf_hub_offline=True)
    networks = AlignmentNetworks(settings)
    with pytest.raises(WeightsNotFound, match=f"for '{language}' is not in"):
        networks._find(language)
    (tmp_path / "alignment" / cached_name(NETWORKS[language])).mkdir(parents=True)
    assert networks._find(language) == (NETWORKS[language], True)
