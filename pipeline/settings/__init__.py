"""The configuration of every process of the service: a class for each concern, read in one place.

Each variable is documented in ``.env.example``.
"""

from pipeline.settings.reading import Settings, SettingsError, current_settings, read_settings

__all__ = ["Settings", "SettingsError", "current_settings", "read_settings"]
