"""Where Triton is, and how it is spoken to."""

from typing import Literal

from pydantic import BaseModel, Field


class TritonSettings(BaseModel):
    """Its address and ports, and what bounds a batch."""

    triton_host: str = "127.0.0.1"
    triton_http_port: int = Field(8000, ge=1, le=65535)
    triton_grpc_port: int = Field(8001, ge=1, le=65535)
    triton_metrics_port: int = Field(8002, ge=1, le=65535)
    triton_shared_memory: Literal["auto", "on", "off"] = "auto"
    batch_timeout_seconds: float = Field(600, gt=0)
