"""Asking the running service for a transcript, and hanging up on it."""

import asyncio
from pathlib import Path

import httpx
import numpy as np
from tritonclient.grpc.aio import InferenceServerClient

from adapter.triton.recovery import STEPS
from adapter.triton.signals import Signals
from pipeline.audio import SAMPLE_RATE
from tests.speech.media import write_wav

RECORDINGS = Path(__file__).parents[1] / "recordings"


def post(service, path: Path, **query: str) -> httpx.Response:
    """``POST /asr`` for JSON, unless the query says otherwise."""
    with path.open("rb") as recording:
        return httpx.post(
            f"{service.base_url}/asr",
            params={"output": "json", **query},
            files={"audio_file": (path.name, recording)},
            timeout=300,
        )


def transcript_of(service, path: Path, **query: str) -> dict:
    """The JSON, which must come."""
    response = post(service, path, **query)
    assert response.status_code == httpx.codes.OK, response.text
    return response.json()


def transcript_of_samples(service, folder: Path, samples: np.ndarray, **query: str) -> dict:
    """The JSON for INT16 samples at 16 kHz, which are written to the folder first."""
    path = folder / "recording.wav"
    write_wav(path, samples, SAMPLE_RATE)
    return transcript_of(service, path, **query)


def hang_up_on(service, key: str) -> None:
    """Tell the steps, as the adapter does, that nobody waits for this request any more."""

    async def tell() -> None:
        async with InferenceServerClient(service.triton_grpc) as client:
            signals = Signals(client, STEPS)
            signals.cancel(key)
            await signals.close()

    asyncio.run(tell())
