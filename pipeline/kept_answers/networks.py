"""Which network answers: its weights, and what they are computed with."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline.alignment.catalog import NETWORKS
from pipeline.errors import PipelineError
from pipeline.settings import Settings
from pipeline.settings.hardware import Network
from pipeline.weights import (
    segmentation_file,
    speaker_embedding_folder,
    wav2vec2_folder,
    whisper_folder,
)
from pipeline.weights.community import community_folder

logger = logging.getLogger(__name__)


def whisper(name: str, settings: Settings) -> str | None:
    """A Whisper that is loaded; None if its weights cannot be found."""
    computed = [settings.device_of("whisper"), settings.whisper_compute_type]
    return _identity(lambda: whisper_folder(name, settings), computed)


def of_diarization(settings: Settings) -> dict[str, str | None]:
    """Those of windows and of voices, by their leaves."""

    def identity(leaf: Network, of_the_pair: Callable[[Settings], Path]) -> str | None:
        return _identity(
            lambda: community_folder(settings) or of_the_pair(settings), [settings.device_of(leaf)]
        )

    return {
        "segmentation": identity("segmentation", segmentation_file),
        "speaker_embedding": identity("speaker_embedding", speaker_embedding_folder),
    }


def wav2vec2(language: str, settings: Settings) -> str | None:
    """The network that times a language's words."""
    name = settings.alignment_models.get(language) or NETWORKS.get(language)
    if name is None:
        return None
    return _identity(
        lambda: wav2vec2_folder(name, settings), [settings.device_of("wav2vec2"), name]
    )


def _identity(find: Callable[[], Path], computed: list[str]) -> str | None:
    """Files that were replaced have another size or time: hashing gigabytes would take seconds."""
    try:
        files = [(path.name, _stamp(path)) for path in _files(find())]
    except (PipelineError, OSError) as failure:
        logger.warning("answers are not kept: %s", failure)
        return None
    named = json.dumps([computed, files]).encode()
    return hashlib.blake2b(named, digest_size=16).hexdigest()


def _files(weights: Path) -> Iterator[Path]:
    if weights.is_file():
        yield weights
        return
    yield from sorted(path for path in weights.rglob("*") if path.is_file())


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
