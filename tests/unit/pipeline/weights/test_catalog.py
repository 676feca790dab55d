"""The catalogue and the pins against their sources."""

import pytest
from faster_whisper import utils

from pipeline.settings import Settings
from pipeline.transcription.whisper_names import WHISPER_REPOSITORIES
from pipeline.weights import catalog, kinds, pins


def test_sizes_are_those_of_faster_whisper():
    assert WHISPER_REPOSITORIES == utils._MODELS
    assert set(WHISPER_REPOSITORIES) == set(utils.available_models())


def test_what_the_defaults_need_on_a_cpu_is_bundled():
    default = Settings(device="cpu", preload_model=None).default_model
    needed = {
        WHISPER_REPOSITORIES[default]: kinds.WHISPER,
        catalog.SEGMENTATION: kinds.SEGMENTATION,
        catalog.SPEAKER_EMBEDDING: kinds.SPEAKER_EMBEDDING,
    }
    for repository, kind in needed.items():
        assert kind.missing({file.path for file in catalog.BUNDLED[repository]}) == []


def test_whatever_can_be_fetched_without_being_named_is_of_a_pinned_revision():
    known = {*WHISPER_REPOSITORIES.values(), catalog.SEGMENTATION, catalog.SPEAKER_EMBEDDING}
    assert known | {catalog.COMMUNITY} <= set(pins.REVISIONS)
    assert all(len(revision) == 40 for revision in pins.REVISIONS.values())


def test_every_file_that_diarization_needs_is_pinned():
    for repository, kind in {
        catalog.SEGMENTATION: kinds.SEGMENTATION,
        catalog.SPEAKER_EMBEDDING: kinds.SPEAKER_EMBEDDING,
        catalog.COMMUNITY: kinds.COMMUNITY,
    }.items():
        assert kind.missing(pins.SHA256[repository]) == []


def test_pins_name_files_that_are_fetched():
    for repository in WHISPER_REPOSITORIES.values():
        files = pins.SHA256.get(repository, {})
        assert set(kinds.WHISPER.chosen(files)) == set(files)
    assert set(pins.SHA256["torchaudio"]) <= set(catalog.TORCHAUDIO_FILES.values())


@pytest.mark.parametrize("repository", [WHISPER_REPOSITORIES["tiny.en"], catalog.SPEAKER_EMBEDDING])
def test_pins_found_elsewhere_are_those_of_the_bundled_files(repository):
    bundled = {file.path: file.sha256 for file in catalog.BUNDLED[repository]}
    assert bundled == pins.SHA256[repository]
