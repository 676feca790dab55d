"""Which Whisper networks are loaded, read from Triton's metrics page."""

import re

import httpx

from pipeline.serving import LOADED_NETWORKS

CALL_SECONDS = 2.0
GAUGE = re.compile(rf"^{LOADED_NETWORKS}{{(.*)}} 1(?:\.0*)?$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


async def loaded_models(client: httpx.AsyncClient, metrics_url: str) -> list[str] | None:
    """The Whisper networks that are loaded on any device; None where the page cannot be read."""
    try:
        answer = await client.get(metrics_url, timeout=CALL_SECONDS)
        page = answer.raise_for_status().text
    except httpx.HTTPError:
        return None
    gauges = [dict(LABEL.findall(labels)) for labels in GAUGE.findall(page)]
    return sorted({gauge["network"] for gauge in gauges if gauge["leaf"] == "whisper"})
