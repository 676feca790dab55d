"""The configuration of every process of the service, read from the environment.

Each variable is documented in ``.env.example``.  A value that cannot be used
stops the process that reads it, with the variable's name and what would do.
"""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from pipeline.hardware import available_cores, cuda_is_available


class SettingsError(ValueError):
    """An environment variable holds a value that cannot be used."""


class Settings(BaseSettings):
    """Everything that can be configured; field names in upper case are the variables."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    # Hardware
    device: Literal["auto", "cpu", "cuda"] = "auto"
    compute_type: str | None = None
    batch_size: int | None = Field(None, ge=1, le=128)
    cores: int = Field(default_factory=available_cores, ge=1)

    # Weights
    cache_dir: Path = Path("~/.cache/triton-asr")
    hf_token: str | None = None
    hf_hub_offline: bool = False
    preload_model: str | None = None
    alignment: Literal["auto", "ctc", "attention"] = "auto"
    alignment_models: Annotated[dict[str, str], NoDecode] = {}
    diarization_embedding: Literal["shared", "exact"] = "shared"

    # Triton
    triton_host: str = "127.0.0.1"
    triton_http_port: int = Field(8000, ge=1, le=65535)
    triton_grpc_port: int = Field(8001, ge=1, le=65535)
    triton_metrics_port: int = Field(8002, ge=1, le=65535)
    triton_shared_memory: Literal["auto", "on", "off"] = "auto"

    # The adapter
    host: str = "0.0.0.0"
    port: int = Field(9000, ge=1, le=65535)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    request_timeout_seconds: float = Field(1800, gt=0)
    max_requests: int = Field(32, ge=1)
    max_file_size_mb: float = Field(2000, gt=0)
    max_duration_seconds: float = Field(12 * 3600, gt=0)
    min_free_disk_mb: float = Field(200, ge=0)
    upload_timeout_seconds: float = Field(3600, gt=0)
    upload_stall_seconds: float = Field(60, gt=0)
    decode_timeout_seconds: float = Field(600, gt=0)
    ffmpeg: str | None = None

    @field_validator("cache_dir")
    @classmethod
    def _expand_home(cls, folder: Path) -> Path:
        return folder.expanduser().absolute()

    @field_validator("alignment_models", mode="before")
    @classmethod
    def _parse_pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [pair.split("=", 1) for pair in value.split(",") if pair.strip()]
        if any(len(pair) != 2 for pair in pairs):
            raise ValueError(
                "write it as language=model[,language=model], as in en=/models/english"
            )
        return {language.strip(): model.strip() for language, model in pairs}

    @property
    def torch_device(self) -> Literal["cpu", "cuda"]:
        """``device`` with ``auto`` resolved to what this machine has."""
        if self.device == "auto":
            return "cuda" if cuda_is_available() else "cpu"
        return self.device

    @property
    def whisper_compute_type(self) -> str:
        """CTranslate2's compute type: int8 on a CPU and float16 on CUDA unless configured."""
        return self.compute_type or ("float16" if self.torch_device == "cuda" else "int8")

    @property
    def whisper_batch_size(self) -> int:
        """Chunks in one batch of Whisper.

        On a CPU a batch of 8 is a tenth faster a chunk than one of 3, but keeps
        a chunk that arrives meanwhile waiting for more than twice as long.
        """
        return self.batch_size or (8 if self.torch_device == "cuda" else 3)

    @property
    def batches_under_way(self) -> int:
        """Batches of a leaf that its step keeps under way.

        One on a CPU, which takes seconds for it and milliseconds for the next;
        on a GPU the next one must wait in the queue already.
        """
        return 2 if self.torch_device == "cuda" else 1

    @property
    def default_model(self) -> str:
        """The Whisper size of a request that names none."""
        return self.preload_model or ("large-v3" if self.torch_device == "cuda" else "base")


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
                f"{str(fault['loc'][0]).upper()}={fault['input']!r}: {fault['msg']}"
                for fault in error.errors()
            )
        ) from None
    if settings.device == "cuda" and not cuda_is_available():
        raise SettingsError("DEVICE='cuda': no CUDA device is visible; use DEVICE=cpu or auto")
    return settings


@lru_cache(maxsize=1)
def current_settings() -> Settings:
    """The settings of this process, read once."""
    return read_settings()
