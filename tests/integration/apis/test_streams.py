"""The engine's streams against a real Triton whose step does what the test tells it."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator

import numpy as np
import pytest

from adapter.intake.recording import Recording
from adapter.triton.engine import Engine
from adapter.triton.streaming import OnSegment, partial_transcripts
from documents import Transcript
from pipeline.errors import DeadlineExceeded, InvalidRequest
from pipeline.options import Options
from pipeline.settings import Settings
from tests.services.tiny_triton import tiny_triton

PCM = np.arange(-20_000, 30_000, dtype=np.int16)
TOLD = [f"{number} {int(PCM.astype(np.int64).sum())}" for number in range(3)]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with tiny_triton(tmp_path_factory.mktemp("triton")) as settings:
        yield settings


def ask(
    engine: Engine, on_segment: OnSegment, command: str | None = None, seconds: float = 60
) -> Awaitable[Transcript]:
    async def run() -> Transcript:
        with Recording(shared=True) as recording:
            os.write(recording.fd, PCM.tobytes())
            options = Options(hotwords=command).due_in(seconds)
            return await engine.transcribe(recording, options, "SEGMENTS", on_segment)

    return run()


def run(settings: Settings, use: Callable[[Engine], Awaitable[object]]) -> object:
    async def main() -> object:
        async with Engine(settings) as engine:
            return await asyncio.wait_for(use(engine), 120)

    return asyncio.run(main())


def texts(transcript: Transcript) -> list[str]:
    return [segment.text for segment in transcript.segments]


def test_the_parts_add_up_to_the_whole(settings):
    heard = []
    whole = run(settings, lambda engine: ask(engine, heard.append))
    assert texts(whole) == TOLD
    assert [texts(part) for part in heard] == [[text] for text in TOLD]


def test_a_failure_after_a_part_is_the_models_own(settings):
    heard = []
    with pytest.raises(InvalidRequest, match="this cannot be done"):
        run(settings, lambda engine: ask(engine, heard.append, "refuse"))
    assert len(heard) == 1


def test_a_death_after_a_part_is_mended_and_every_part_told_once(settings, tmp_path):
    async def use(engine: Engine) -> list[list[str]]:
        command = f"step dies once {tmp_path / 'died'}"
        return [
            texts(p)
            async for p in partial_transcripts(lambda on_segment: ask(engine, on_segment, command))
        ]

    assert run(settings, use) == [[text] for text in TOLD]
    assert (tmp_path / "died").exists()


@pytest.mark.parametrize("how", ["hangs up", "deadline"])
def test_a_stream_that_nobody_reads_any_more_ends_in_the_model(settings, tmp_path, how):
    left = tmp_path / "left"

    async def use(engine: Engine) -> int:
        seconds = 60 if how == "hangs up" else 3
        command = f"talks until left {left}"
        told = partial_transcripts(lambda on_segment: ask(engine, on_segment, command, seconds))
        heard = 0
        try:
            async for _ in told:
                heard += 1
                if how == "hangs up" and heard == 5:
                    break
        except DeadlineExceeded:
            assert how == "deadline"
            return heard
        await told.aclose()
        while not (left.exists() and left.read_text()):
            await asyncio.sleep(0.01)
        return heard

    heard = run(settings, use)
    assert 5 <= heard < 1000
    if how == "hangs up":
        assert int(left.read_text()) < 1000
