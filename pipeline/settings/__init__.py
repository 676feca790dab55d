"""The configuration of every process of the service: a class for each concern, read in one place.

Each variable is documented in ``.env.example``.
"""

from pipeline.settings.at_start import check_compute_type, said_at_start
from pipeline.settings.hardware import Network
from pipeline.settings.reading import (
    ENV_FILE,
    ENV_FILE_VARIABLE,
    Settings,
    SettingsError,
    current_settings,
    read_settings,
)
from pipeline.settings.transcription import ALIASED_DEFAULT, ANY_NAME

__all__ = [
    "ALIASED_DEFAULT",
    "ANY_NAME",
    "ENV_FILE",
    "ENV_FILE_VARIABLE",
    "Network",
    "Settings",
    "SettingsError",
    "check_compute_type",
    "current_settings",
    "read_settings",
    "said_at_start",
]
