"""``python -m pipeline.weights``: fetch what the service needs with the current settings."""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.settings import Settings, SettingsError, read_settings
from pipeline.weights import (
    community_folder,
    segmentation_file,
    speaker_embedding_folder,
    whisper_folder,
)


def fetch_defaults(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Fetch one after the other what a request needs that names no model.

    Yields:
        What it is, and where it lies.

    Raises:
        InvalidRequest: PRELOAD_MODEL does not exist.
        WeightsUnavailable: something cannot be fetched.
    """
    model = settings.default_model
    yield f"Whisper {model}", whisper_folder(model, settings)
    community = community_folder(settings)
    if community:
        yield "diarization community-1", community
        return
    yield "diarization segmentation-3.0", segmentation_file(settings)
    yield "diarization ECAPA-TDNN", speaker_embedding_folder(settings)


def main() -> int:
    """Run the command; the exit status is 0 when everything is there."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        for what, where in fetch_defaults(read_settings()):
            print(f"{what}: {where}")
    except (PipelineError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
