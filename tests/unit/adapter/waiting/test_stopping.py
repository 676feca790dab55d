"""The adapter as uvicorn runs it, asked to stop while one recording is worked on and one waits."""

import asyncio
import os
import re

import httpx

from adapter.intake.decoding import PROTOCOL
from tests.clients.decoders import script
from tests.services.adapters import adapter_beside
from tests.waiting import until


def test_sigterm_answers_those_in_the_line_and_lets_the_others_finish(tmp_path, media):
    gate, begun = tmp_path / "gate", tmp_path / "begun"
    wait = f"touch {begun}; while [ ! -e {gate} ]; do sleep 0.01; done; exit 1"
    decoder = script(
        tmp_path / "ffmpeg", f'case "$*" in *-protocols*) echo {PROTOCOL} ;; *) {wait} ;; esac'
    )
    settings = {"MAX_REQUESTS": "1", "MAX_WAITING": "1", "FFMPEG": str(decoder)}
    file = {"audio_file": ("tone.wav", (media / "tone.wav").read_bytes())}

    async def run(adapter) -> tuple[httpx.Response, httpx.Response]:
        async with httpx.AsyncClient(timeout=60) as client:
            first = asyncio.create_task(client.post(f"{adapter.url}/asr", files=file))
            await asyncio.to_thread(until, begun.exists)
            late = asyncio.create_task(client.post(f"{adapter.url}/asr", files=file))
            while (await client.post(f"{adapter.url}/asr")).status_code != 503:
                await asyncio.sleep(0.02)
            adapter.process.terminate()
            refused = await late
            assert not first.done()
            gate.touch()
            return await first, refused

    with adapter_beside(os.environ, tmp_path, **settings) as adapter:
        first, refused = asyncio.run(run(adapter))
        assert adapter.process.wait(30) is not None
    assert (first.status_code, "could not decode" in first.text) == (400, True)
    assert refused.status_code == 503
    assert re.search("503 service unavailable: the service is being stopped", refused.text)
