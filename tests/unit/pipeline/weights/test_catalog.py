"""The catalogue against its sources."""

from faster_whisper import utils

from pipeline.settings import Settings
from pipeline.weights import KNOWN_WHISPER_MODELS, catalog


def test_sizes_are_those_of_faster_whisper():
    assert catalog.WHISPER_REPOSITORIES == utils._MODELS
    assert set(KNOWN_WHISPER_MODELS) == set(utils.available_models())


def test_what_the_defaults_need_on_a_cpu_is_bundled():
    default = Settings(device="cpu", preload_model=None).default_model
    needed = {
        catalog.WHISPER_REPOSITORIES[default]: ("config.json", "model.bin", "tokenizer.json"),
        catalog.SEGMENTATION: catalog.SEGMENTATION_FILES,
        catalog.SPEAKER_EMBEDDING: catalog.SPEAKER_EMBEDDING_FILES,
    }
    for repository, files in needed.items():
        assert set(files) <= {file.path for file in catalog.BUNDLED[repository]}
