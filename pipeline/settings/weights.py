"""Where the networks' weights lie, how much of them, and how long they stay in memory."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from pipeline.settings.hardware import HardwareSettings


class WeightsSettings(HardwareSettings):
    """The cache, the model hub, and the networks that are loaded at once."""

    cache_dir: Path = Path("~/.cache/triton-asr")
    hf_token: SecretStr | None = None
    hf_hub_offline: bool = False
    max_cache_mb: float = Field(40_000, gt=0)
    min_free_cache_mb: float = Field(1000, ge=0)
    download_timeout_seconds: float = Field(7200, gt=0)
    model_keep_alive_seconds: float = Field(0, ge=0)
    max_loaded_models: int | None = Field(None, ge=1)

    @property
    def most_loaded_models(self) -> int:
        """Networks of a kind that are in the memory of one device at once."""
        return self.max_loaded_models or self.derived.loaded_models

    @field_validator("cache_dir")
    @classmethod
    def _expand_home(cls, folder: Path) -> Path:
        return folder.expanduser().absolute()
