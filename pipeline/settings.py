"""The configuration of every process of the service, read from the environment.

Each variable is documented in ``.env.example``.  A value that cannot be used
stops the process that reads it, with the variable's name and what would do.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from pipeline.hardware import available_cores, cuda_is_available
from pipeline.transcription.whisper_names import WHISPER_REPOSITORIES, canonical_name

ENV_FILE = ".env"
PAIRS = {
    "network_cores": "network=cores[,network=cores], as in whisper=4,wav2vec2=2",
    "alignment_models": "language=model[,language=model], as in en=/models/english",
}
SHORTEST_KEY = 16  # characters; chosen by chance from 64 kinds, 96 bits
Network = Literal["whisper", "wav2vec2", "segmentation", "speaker_embedding"]
SECRETS = ("hf_token", "api_key")  # whose values appear in no message


class SettingsError(ValueError):
    """An environment variable holds a value that cannot be used."""


class Settings(BaseSettings):
    """Everything that can be configured; field names in upper case are the variables."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    # Hardware
    device: Literal["auto", "cpu", "cuda"] = "auto"
    compute_type: str | None = None
    batch_size: int | None = Field(None, ge=1, le=128)
    cores: int = Field(default_factory=available_cores, ge=1)
    network_cores: Annotated[dict[Network, Annotated[int, Field(ge=1)]], NoDecode] = {}

    # Weights
    cache_dir: Path = Path("~/.cache/triton-asr")
    hf_token: SecretStr | None = None
    hf_hub_offline: bool = False
    preload_model: str | None = None
    models: Annotated[tuple[str, ...], NoDecode] = ()
    model_keep_alive_seconds: float = Field(0, ge=0)
    max_loaded_models: int = Field(3, ge=1)
    alignment: Literal["auto", "ctc", "attention"] = "auto"
    alignment_models: Annotated[dict[str, str], NoDecode] = {}
    diarization_embedding: Literal["shared", "exact"] = "shared"

    # Diarization
    diarize_min_speakers: int | None = Field(None, ge=1, le=50)
    diarize_max_speakers: int | None = Field(None, ge=1, le=50)
    diarize_clustering_threshold: float | None = Field(None, gt=0, le=2)
    diarize_batch_size: int | None = Field(None, ge=1, le=256)
    diarize_batch_wait_timeout: float | None = Field(None, ge=0, le=10)
    diarize_num_replicas: int = Field(1, ge=1, le=16)

    # Triton
    triton_host: str = "127.0.0.1"
    triton_http_port: int = Field(8000, ge=1, le=65535)
    triton_grpc_port: int = Field(8001, ge=1, le=65535)
    triton_metrics_port: int = Field(8002, ge=1, le=65535)
    triton_shared_memory: Literal["auto", "on", "off"] = "auto"
    batch_timeout_seconds: float = Field(600, gt=0)

    # The adapter
    host: str = "0.0.0.0"
    port: int = Field(9000, ge=1, le=65535)
    api_key: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    asr_dialect: Literal["whisperx", "webservice"] = "whisperx"
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

    @field_validator("preload_model")
    @classmethod
    def _one_name(cls, name: str | None) -> str | None:
        return name and canonical_name(name)

    @field_validator("models", mode="before")
    @classmethod
    def _parse_models(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        names = [canonical_name(name) for name in value.split(",")]
        for name in names:
            if name not in WHISPER_REPOSITORIES and "/" not in name:
                raise ValueError(
                    f"{name!r} is no model; write names separated by commas, each of them one of "
                    f"{', '.join(WHISPER_REPOSITORIES)}, organisation/name on the hub or a folder"
                )
        return tuple(dict.fromkeys(names))

    @field_validator("api_key", mode="before")
    @classmethod
    def _parse_keys(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        keys = [key.strip() for key in value.split(",")]
        for number, key in enumerate(keys, 1):
            if len(key) < SHORTEST_KEY:
                raise ValueError(
                    f"key {number} of {len(keys)} has {len(key)} characters; give at least "
                    f"{SHORTEST_KEY}, as «openssl rand -hex 16» makes them, and a comma between two"
                )
            if not all("!" <= character <= "~" for character in key):
                raise ValueError(
                    f"key {number} of {len(keys)} has a character that not every client can "
                    "send; use letters, digits and signs of ASCII, and no spaces"
                )
        return tuple(keys)

    @field_validator(*PAIRS, mode="before")
    @classmethod
    def _parse_pairs(cls, value: object, field: ValidationInfo) -> object:
        if not isinstance(value, str):
            return value
        pairs = [pair.split("=", 1) for pair in value.split(",") if pair.strip()]
        if any(len(pair) != 2 for pair in pairs):
            raise ValueError(f"write it as {PAIRS[field.field_name]}")
        return {key.strip(): what.strip() for key, what in pairs}

    @field_validator("diarize_max_speakers")
    @classmethod
    def _no_less_than_the_fewest(cls, most: int | None, given: ValidationInfo) -> int | None:
        least = given.data.get("diarize_min_speakers")
        if most and least and most < least:
            raise ValueError(f"DIARIZE_MIN_SPEAKERS is {least}; make it at least that")
        return most

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

        On a CPU a batch of 8 is no faster a chunk than one of 4, and keeps a chunk
        that arrives meanwhile waiting for twice as long.
        """
        return self.batch_size or (8 if self.torch_device == "cuda" else 4)

    def cores_of(self, network: Network) -> int:
        """Threads of one network's process while it computes on the CPU."""
        return self.network_cores.get(network, self.cores)

    @property
    def leaves_share_cores(self) -> bool:
        """Whether the networks take each other's time: on a CPU, where each uses all cores."""
        return self.torch_device == "cpu"

    @property
    def batches_under_way(self) -> int:
        """Batches of a leaf that its step keeps under way.

        One on a CPU, which takes seconds for it and milliseconds for the next;
        on a GPU the next one must wait in the queue already.
        """
        return 2 if self.torch_device == "cuda" else 1

    @property
    def windows_under_way(self) -> int:
        """Windows of a recording that ``diarization`` keeps with its segmentation network.

        A batch on a CPU, where more only keep others waiting, and two on a GPU.
        """
        if self.diarize_batch_size:
            return self.batches_under_way * self.diarize_batch_size
        return 64 if self.torch_device == "cuda" else 8

    @property
    def default_model(self) -> str:
        """The Whisper size of a request that names none."""
        if self.preload_model or self.models:
            return self.preload_model or self.models[0]
        return "large-v3" if self.torch_device == "cuda" else "base"


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
    if {**dotenv_values(ENV_FILE), **os.environ}.get("API_KEY") == "":
        raise SettingsError(
            "API_KEY: it is set and empty, which protects nothing; give a key, or unset it to "
            "let everybody use the service"
        )
    if settings.device == "cuda" and not cuda_is_available():
        raise SettingsError("DEVICE='cuda': no CUDA device is visible; use DEVICE=cpu or auto")
    if settings.models and settings.default_model not in settings.models:
        raise SettingsError(
            f"PRELOAD_MODEL={settings.preload_model!r} is not in MODELS; "
            f"add it there, or name one of {', '.join(settings.models)}"
        )
    return settings


def _named(name: str, value: object) -> str:
    return name.upper() if name in SECRETS else f"{name.upper()}={value!r}"


@lru_cache(maxsize=1)
def current_settings() -> Settings:
    """The settings of this process, read once."""
    return read_settings()
