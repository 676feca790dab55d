"""What a request needs that names no model."""

from collections.abc import Iterator
from pathlib import Path

from pipeline.alignment.packages import check_setting
from pipeline.settings import Settings
from pipeline.weights import (
    community_folder,
    segmentation_file,
    speaker_embedding_folder,
    whisper_folder,
)


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
