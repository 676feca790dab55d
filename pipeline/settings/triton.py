"""Where Triton is, and how it is spoken to."""

import re
from typing import Literal

from pydantic import BaseModel, Field, SecretStr, field_validator

SECRET = re.compile(r"[\w-]{16,}", re.ASCII)


class TritonSettings(BaseModel):
    """Its address and ports, and what bounds a batch."""

    triton_host: str = "127.0.0.1"
    triton_http_port: int = Field(8000, ge=1, le=65535)
    triton_grpc_port: int = Field(8001, ge=1, le=65535)
    triton_metrics_port: int = Field(8002, ge=1, le=65535)
    triton_secret: SecretStr | None = None
    triton_shared_memory: Literal["auto", "on", "off"] = "auto"
    batch_timeout_seconds: float = Field(600, gt=0)

    @field_validator("triton_secret")
    @classmethod
    def _fit_for_a_header(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret and not SECRET.fullmatch(secret.get_secret_value()):
            raise ValueError(
                "give at least 16 letters, digits, - or _, as «openssl rand -hex 16» makes them, "
                "or nothing, and each start makes one"
            )
        return secret

    @property
    def given_triton_secret(self) -> str | None:
        """TRITON_SECRET in plain text; None where each start makes its own."""
        return self.triton_secret and self.triton_secret.get_secret_value()
