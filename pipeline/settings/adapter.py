"""The HTTP service: who may use it, for what, and for how long."""

import hashlib
import re
from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from pipeline.telemetry.logs import LogFormat

SHORTEST_KEY = 16  # characters; chosen by chance from 64 kinds, 96 bits
NAMED_KEY = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,31}):(.*)")


class AdapterSettings(BaseModel):
    """Address, keys, dialect and limits."""

    host: str = "0.0.0.0"
    port: int = Field(9000, ge=1, le=65535)
    api_key: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    metrics_open: bool = False
    asr_dialect: Literal["whisperx", "webservice"] = "whisperx"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: LogFormat = "text"
    request_timeout_seconds: float = Field(1800, gt=0)
    request_timeout_per_audio_second: float = Field(1, ge=0)
    max_requests: int = Field(32, ge=1)
    max_waiting: int = Field(64, ge=0)
    max_wait_seconds: float = Field(600, ge=0)
    max_file_size_mb: float = Field(2000, gt=0)
    max_duration_seconds: float = Field(12 * 3600, gt=0)
    min_free_disk_mb: float = Field(200, ge=0)
    upload_timeout_seconds: float = Field(3600, gt=0)
    upload_stall_seconds: float = Field(60, gt=0)
    decode_timeout_seconds: float = Field(600, gt=0)
    ffmpeg: str | None = None

    def request_timeout(self, duration: float) -> float:
        """Seconds that a recording of so many seconds may take, once it is here."""
        return self.request_timeout_seconds + self.request_timeout_per_audio_second * duration

    @property
    def owners(self) -> dict[str, str]:
        """Whose each key is: its name, or where it has none one that tells nothing of it.

        Several keys may have the same name.
        """
        owners = {}
        for secret in self.api_key:
            name, key = split_key(secret.get_secret_value())
            owners[key] = name or f"key-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
        return owners

    @field_validator("api_key", mode="before")
    @classmethod
    def _parse_keys(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        keys = [key.strip() for key in value.split(",")]
        for number, key in enumerate((split_key(key)[1] for key in keys), 1):
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


def split_key(text: str) -> tuple[str | None, str]:
    """The name and the key of an entry of API_KEY; what is no name belongs to the key."""
    named = NAMED_KEY.fullmatch(text)
    return (named[1], named[2]) if named else (None, text)
