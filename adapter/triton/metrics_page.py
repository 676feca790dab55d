"""What the models tell on Triton's metrics page: which networks are loaded, who only fails."""

import re

import httpx

from pipeline.serving import FAILED_BATCHES, FAILING_SECONDS, LOADED_NETWORKS

CALL_SECONDS = 2.0
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
# Of a leaf that has answered nothing in so many batches, for so long; a little later it ends
# itself (pipeline.serving.batches.streak), and what it was told last stays on the page until then.
FAILED_IN_A_ROW, SECONDS_IN_A_ROW = 5, 10.0


class MetricsPage:
    """The page of one Triton."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = httpx.AsyncClient()

    async def loaded_models(self) -> list[str] | None:
        """The Whisper networks that are loaded on any device; None where the page is not there."""
        page = await self._page()
        if page is None:
            return None
        return sorted(
            {
                gauge["network"]
                for gauge, value in _gauges(page, LOADED_NETWORKS)
                if gauge["leaf"] == "whisper" and value == 1
            }
        )

    async def failing(self) -> set[str]:
        """The leaves that have an instance whose batches have all failed for a while."""
        page = await self._page() or ""
        seconds = {
            (gauge["leaf"], gauge["instance"]): value
            for gauge, value in _gauges(page, FAILING_SECONDS)
        }
        return {
            gauge["leaf"]
            for gauge, batches in _gauges(page, FAILED_BATCHES)
            if batches >= FAILED_IN_A_ROW
            and seconds.get((gauge["leaf"], gauge["instance"]), 0.0) >= SECONDS_IN_A_ROW
        }

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.aclose()

    async def _page(self) -> str | None:
        try:
            answer = await self._client.get(self._url, timeout=CALL_SECONDS)
            return answer.raise_for_status().text
        except httpx.HTTPError:
            return None


def _gauges(page: str, name: str) -> list[tuple[dict[str, str], float]]:
    """The labels and the value of each gauge of this name."""
    found = re.findall(rf"(?m)^{name}{{(.*)}} (\S+)$", page)
    return [(dict(LABEL.findall(labels)), float(value)) for labels, value in found]
