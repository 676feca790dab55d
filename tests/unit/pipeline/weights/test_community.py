"""Where community-1 comes from, and what is done where it cannot be had.

The hub is this machine's. Networks are loaded where a test is about that: they have community-1's
architecture and random weights.
"""

import logging
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from benchmarks.running.stand_ins import save_community
from pipeline.errors import InvalidRequest, WeightsUnavailable
from pipeline.settings import Settings
from pipeline.weights import catalog, community, community_folder, kinds, pins, whisper_folder
from pipeline.weights.defaults import settled
from tests.services.model_hub import WHISPER, sha256

FILES = [name for (name,) in kinds.COMMUNITY.needed]


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The files of such a repository, which are taken for networks without a trial."""
    monkeypatch.setattr(community, "_try", lambda repository, folder: None)
    return {name: f"{name} of community-1".encode() for name in FILES}


@pytest.fixture(scope="module")
def loadable(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The same with files that can be loaded."""
    folder = save_community(tmp_path_factory.mktemp("weights") / "community")
    return {name: (folder / name).read_bytes() for name in FILES}


@pytest.fixture
def with_token(settings: Settings) -> Settings:
    return settings.model_copy(update={"hf_token": SecretStr("secret")})


@pytest.fixture
def asked_for(settings: Settings) -> Settings:
    return settings.model_copy(update={"diarization": "community-1"})


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO, "pipeline.weights"):
        yield caplog


def asked(model_hub) -> set[str]:
    """The repositories whose files were fetched."""
    return {
        request.split()[1].lstrip("/").partition("/resolve/")[0]
        for request in model_hub.requests
        if "/resolve/" in request
    }


def test_without_a_token_the_open_copy_is_fetched_once(model_hub, networks, settings):
    model_hub.repositories |= {catalog.COMMUNITY_COPY: networks}
    folder = community_folder(settings)
    assert {name: (folder / name).read_bytes() for name in FILES} == networks
    assert settled(settings).diarization == "community-1"
    before = len(model_hub.requests)
    assert community_folder(settings) == folder
    assert len(model_hub.requests) == before


def test_with_a_token_the_original_is_fetched(model_hub, networks, with_token):
    model_hub.repositories |= {catalog.COMMUNITY: networks, catalog.COMMUNITY_COPY: networks}
    assert community_folder(with_token)
    assert asked(model_hub) == {catalog.COMMUNITY}


@pytest.mark.parametrize("listed", [False, True])
def test_a_token_that_does_not_open_the_original_says_so_and_takes_the_copy(
    listed, model_hub, networks, with_token, log
):
    if listed:  # the hub tells of files that it does not give
        model_hub.repositories[catalog.COMMUNITY] = networks
        model_hub.gated.add(catalog.COMMUNITY)
    model_hub.repositories[catalog.COMMUNITY_COPY] = networks
    assert community_folder(with_token)
    assert "with this HF_TOKEN; accept its conditions" in log.text
    assert asked(model_hub) - {catalog.COMMUNITY} == {catalog.COMMUNITY_COPY}


def test_the_copy_is_asked_for_without_a_token_which_might_close_it(
    model_hub, networks, with_token
):
    model_hub.repositories[catalog.COMMUNITY_COPY] = networks
    community_folder(with_token)
    tokens = {
        token for request, token in model_hub.tokens.items() if catalog.COMMUNITY_COPY in request
    }
    assert tokens == {None}


@pytest.mark.parametrize("token", [False, True])
def test_where_both_are_gone_the_ungated_pair_diarizes_and_one_line_says_so(
    token, model_hub, settings, with_token, log
):
    chosen = with_token if token else settings
    assert community_folder(chosen) is None
    (line,) = (record for record in log.records if record.levelno == logging.INFO)
    assert "segmentation-3.0 and ECAPA-TDNN, as" in line.getMessage()
    assert catalog.COMMUNITY_COPY in line.getMessage()
    assert settled(chosen).diarization == "ungated"


def test_without_a_hub_the_ungated_pair_diarizes(no_hub, settings):
    assert settled(settings).diarization == "ungated"


def test_what_was_asked_for_by_name_fails_by_name(model_hub, asked_for):
    with pytest.raises(
        WeightsUnavailable, match=rf"DIARIZATION=community-1: .*{catalog.COMMUNITY_COPY}"
    ):
        settled(asked_for)


def test_the_ungated_pair_asks_nobody(model_hub, networks, settings):
    model_hub.repositories[catalog.COMMUNITY_COPY] = networks
    assert settled(settings.model_copy(update={"diarization": "ungated"})).diarization == "ungated"
    assert model_hub.requests == []


def test_networks_are_loaded_before_they_are_kept(model_hub, loadable, settings):
    model_hub.repositories[catalog.COMMUNITY_COPY] = loadable
    assert community_folder(settings)


@pytest.mark.parametrize("file", ["embedding/pytorch_model.bin", "plda/plda.npz"])
def test_networks_that_cannot_be_loaded_are_not_kept(file, model_hub, loadable, asked_for):
    model_hub.repositories[catalog.COMMUNITY_COPY] = {**loadable, file: b"nothing like it"}
    with pytest.raises(WeightsUnavailable, match=rf"{catalog.COMMUNITY_COPY} cannot be loaded: "):
        community_folder(asked_for)
    assert not list(asked_for.cache_dir.glob("weights/diarization/pyannote*"))


def test_files_that_are_not_the_pinned_ones_are_not_taken(
    model_hub, networks, settings, asked_for, monkeypatch
):
    model_hub.repositories[catalog.COMMUNITY_COPY] = networks
    pinned = {**dict.fromkeys(FILES, ""), "plda/plda.npz": sha256(b"another")}
    monkeypatch.setitem(pins.SHA256, catalog.COMMUNITY_COPY, pinned)
    with pytest.raises(WeightsUnavailable, match=r"plda\.npz .*SHA-256 differs"):
        community_folder(asked_for)
    assert community_folder(settings) is None


def test_a_whisper_is_not_taken_for_it(model_hub, networks, settings):
    names = settings.model_copy(update={"models": ("base", catalog.COMMUNITY_COPY)})
    model_hub.repositories[catalog.COMMUNITY_COPY] = networks
    with pytest.raises(InvalidRequest, match="no Whisper"):
        whisper_folder(catalog.COMMUNITY_COPY, names)
    model_hub.repositories[catalog.COMMUNITY_COPY] = WHISPER
    whisper_folder(catalog.COMMUNITY_COPY, names)
    assert community_folder(settings) is None


def test_the_empty_folder_that_a_previous_version_left_is_none(model_hub, networks, settings):
    left = settings.cache_dir / "weights" / "pyannote--speaker-diarization-community-1"
    left.mkdir(parents=True)
    assert community_folder(settings) is None
    model_hub.repositories[catalog.COMMUNITY_COPY] = networks
    folder = community_folder(settings)
    assert all((folder / name).is_file() for name in FILES)
