"""What a request needs that names no model."""

from collections.abc import Iterator
from pathlib import Path

from pipeline.alignment.packages import check_setting
from pipeline.settings import Settings
from pipeline.settings.diarization import COMMUNITY_1, UNGATED
from pipeline.weights import (
    community_folder,
    segmentation_file,
    speaker_embedding_folder,
    whisper_folder,
)


def settled(settings: Settings) -> Settings:
    """The same settings with ``diarization`` no longer ``auto``.

    Whoever starts the processes decides once for all of them: they must have the same networks.

    Raises:
        WeightsUnavailable: DIARIZATION=community-1, and it cannot be fetched.
    """
    chosen = COMMUNITY_1 if community_folder(settings) else UNGATED
    return settings.model_copy(update={"diarization": chosen})


def fetch_defaults(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Fetch the weights that the current settings call for, one after the other.

    Yields:
        What it is, and where it lies.

    Raises:
        SettingsError: ALIGNMENT asks for packages that are not installed.
        InvalidRequest: PRELOAD_MODEL does not exist.
        WeightsUnavailable: something cannot be fetched.
    """
    check_setting(settings)
    model = settings.default_model
    yield f"Whisper {model}", whisper_folder(model, settings)
    community = community_folder(settings)
    if community:
        yield "diarization community-1", community
        return
    yield "diarization segmentation-3.0", segmentation_file(settings)
    yield "diarization ECAPA-TDNN", speaker_embedding_folder(settings)
