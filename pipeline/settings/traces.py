"""Where spans of requests are sent."""

import re

from pydantic import BaseModel, SecretStr, field_validator

ENDPOINT = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?", re.ASCII)


class TraceSettings(BaseModel):
    """A collector of OpenTelemetry; its SDK reads the variables beyond these itself."""

    otel_exporter_otlp_endpoint: str | None = None
    otel_exporter_otlp_headers: SecretStr | None = None

    @field_validator("otel_exporter_otlp_endpoint")
    @classmethod
    def _an_address(cls, endpoint: str | None) -> str | None:
        if endpoint and not ENDPOINT.fullmatch(endpoint):
            raise ValueError(
                "give the collector's address for OTLP over HTTP, as in http://collector:4318"
            )
        return endpoint
