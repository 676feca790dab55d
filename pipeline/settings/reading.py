"""The settings as one, read from the environment.

A value that cannot be used stops the process that reads it, with the
variable's name and what would do.
"""

import os
from functools import lru_cache
from importlib.util import find_spec

from dotenv import dotenv_values
from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipeline import hardware
from pipeline.settings.adapter import AdapterSettings
from pipeline.settings.alignment import AlignmentSettings
from pipeline.settings.answers import AnswersSettings
from pipeline.settings.diarization import DiarizationSettings
from pipeline.settings.hardware import HardwareSettings, Network
from pipeline.settings.jobs import JobsSettings
from pipeline.settings.traces import TraceSettings
from pipeline.settings.transcription import ALIASED_DEFAULT, TranscriptionSettings
from pipeline.settings.triton import TritonSettings
from pipeline.settings.weights import WeightsSettings

# Children of `make serve`, which are told all they need, are to read none.
ENV_FILE_VARIABLE = "ASR_ENV_FILE"
ENV_FILE = os.environ.get(ENV_FILE_VARIABLE, ".env")
SECRETS = (
    "hf_token",
    "api_key",
    "triton_secret",
    "database_url",
    "otel_exporter_otlp_headers",
)  # whose values appear in no message


class SettingsError(ValueError):
    """An environment variable holds a value that cannot be used."""


class Settings(
    # Pydantic takes the fields of the last one first: the order of .env.example.
    JobsSettings,
    TraceSettings,
    AdapterSettings,
    TritonSettings,
    DiarizationSettings,
    AlignmentSettings,
    TranscriptionSettings,
    AnswersSettings,
    WeightsSettings,
    HardwareSettings,
    BaseSettings,
):
    """Everything that can be configured; field names in upper case are the variables."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        extra="ignore",
        env_ignore_empty=True,
        hide_input_in_errors=True,
    )

    def pieces_under_way(self, network: Network) -> int:
        """Pieces of recordings that the steps keep with a leaf."""
        if network == "segmentation":
            return self.windows_under_way
        if network == "speaker_embedding":
            return self.stretches_under_way
        return self.batches_under_way(network) * self.whisper_batch_size


def read_settings(**overrides: object) -> Settings:
    """Read the environment (and ``.env``).

    Raises:
        SettingsError: naming each variable that cannot be used, and why.
    """
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        raise SettingsError(
            "; ".join(
                f"{_named(str(fault['loc'][0]), fault['input'])}: "
                f"{fault['msg'].removeprefix('Value error, ')}"
                for fault in error.errors()
            )
        ) from None
    if {**dotenv_values(ENV_FILE, encoding="utf-8"), **os.environ}.get("API_KEY") == "":
        raise SettingsError(
            "API_KEY: it is set and empty, which protects nothing; give a key, or unset it to "
            "let everybody use the service"
        )
    if settings.device == "cuda" and not settings.cards:
        raise SettingsError(
            f"DEVICE='cuda': no card can serve: {hardware.survey().why_none}; "
            "mend that, or use DEVICE=cpu or auto"
        )
    if settings.otel_exporter_otlp_endpoint and not _has_opentelemetry():
        raise SettingsError(
            "OTEL_EXPORTER_OTLP_ENDPOINT: OpenTelemetry is not installed, which make serve does "
            "where this is set, and in an image the build argument LOCK=cpu-traces"
        )
    if settings.models and settings.default_model not in settings.models:
        raise SettingsError(
            f"PRELOAD_MODEL={settings.preload_model!r} is not in MODELS; "
            f"add it there, or name one of {', '.join(settings.models)}"
        )
    for name, ours in settings.model_aliases.items():
        if ours not in (*settings.offered_models, ALIASED_DEFAULT):
            raise SettingsError(
                f"MODEL_ALIASES='{name}={ours}': {ours!r} is not offered here; "
                f"give {ALIASED_DEFAULT}, or one of {', '.join(settings.offered_models)}"
            )
    return settings


def _has_opentelemetry() -> bool:
    try:
        return all(
            find_spec(f"opentelemetry.{part}") for part in ("sdk", "exporter.otlp.proto.http")
        )
    except ModuleNotFoundError:  # of what the part is in
        return False


def _named(name: str, value: object) -> str:
    return name.upper() if name in SECRETS else f"{name.upper()}={value!r}"


@lru_cache(maxsize=1)
def current_settings() -> Settings:
    """The settings of this process, read once."""
    return read_settings()
