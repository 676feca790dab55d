"""community-1: its makers' own where HF_TOKEN opens it, else the copy that needs no token.

pyannoteAI publishes the same files twice, under CC-BY-4.0: gated as its own, and open as its
community organisation's.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

from pipeline import children
from pipeline.errors import WeightsUnavailable
from pipeline.settings import Settings
from pipeline.settings.diarization import COMMUNITY_1, UNGATED
from pipeline.weights import catalog, hub, kinds
from pipeline.weights.fetching import fetched, in_cache

TRIAL_SECONDS = 300
TRIAL = "pipeline.diarization.networks.trial"

logger = logging.getLogger(__name__)


def community_folder(settings: Settings) -> Path | None:
    """The folder of speaker-diarization-community-1, or None for the ungated pair.

    Raises:
        WeightsUnavailable: DIARIZATION=community-1, and it cannot be fetched.
    """
    if settings.diarization == UNGATED:
        return None
    for repository in (catalog.COMMUNITY, catalog.COMMUNITY_COPY):
        if there := in_cache(repository, kinds.COMMUNITY, settings):
            return there
    failures: list[Exception] = []
    for repository in _sources(settings):
        try:
            return _fetched(repository, settings)
        except (hub.NotOnHub, hub.NotThisKind, WeightsUnavailable) as failure:
            failures.append(failure)
    reason = "; ".join(dict.fromkeys(map(str, failures)))
    if settings.diarization == COMMUNITY_1:
        raise WeightsUnavailable(f"DIARIZATION=community-1: {reason}")
    logger.info("diarization: segmentation-3.0 and ECAPA-TDNN, as %s", reason)
    return None


def _sources(settings: Settings) -> Iterator[str]:
    if settings.hf_token:
        yield catalog.COMMUNITY
    yield catalog.COMMUNITY_COPY


def _fetched(repository: str, settings: Settings) -> Path:
    if repository == catalog.COMMUNITY_COPY:
        # A token that is out of date would close what is open.
        settings = settings.model_copy(update={"hf_token": None})

    def download(folder: Path) -> None:
        hub.fetch_snapshot(repository, kinds.COMMUNITY, folder, settings)
        _try(repository, folder)

    try:
        return fetched(repository, kinds.COMMUNITY, settings, download)
    except hub.NotOnHub as error:
        if repository == catalog.COMMUNITY:
            logger.warning("%s with this HF_TOKEN; accept its conditions there", error)
        raise


def _try(repository: str, folder: Path) -> None:
    """See in a process of its own that the networks can be loaded, before they are kept.

    Raises:
        WeightsUnavailable: they cannot.
    """
    try:
        status, told = children.run(TRIAL, str(folder.absolute()), seconds=TRIAL_SECONDS)
    except children.TookTooLong as error:
        raise WeightsUnavailable(f"{repository} cannot be tried: {error}") from error
    if status:
        reason = told or f"the process that tried it ended with {status}"
        raise WeightsUnavailable(f"{repository} cannot be loaded: {reason}")
