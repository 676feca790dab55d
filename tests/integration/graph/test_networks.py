"""Whisper networks come and go in a real Triton, and nobody waits for somebody else's."""

import asyncio
import os
from collections.abc import Awaitable, Iterator
from pathlib import Path

import pytest

from adapter.embedded.repository import MODEL_REPOSITORY
from adapter.intake.recording import Recording
from adapter.triton.engine import Engine
from documents import Transcript
from pipeline.errors import InvalidRequest, WeightsUnavailable
from pipeline.options import Options
from pipeline.settings import Settings, read_settings
from pipeline.weights import whisper_folder
from tests.services.model_hub import WHISPER, Hub, serve_hub
from tests.services.tiny_triton import process, run, tiny_triton
from tests.speech.whisper import without_heads

KEEP_ALIVE = 6  # seconds
WORDS = "I didn't know you were there."
SLOW = "someone/whisper"  # on a hub that a test can hold up
CRAFTED = "someone/crafted"  # it crashes whoever reads it
MODELS = ("transcription", "whisper")  # the rest of the graph has no part in this
TEXT_ONLY = """
name: "asr"
platform: "ensemble"
max_batch_size: 1
input [ { name: "AUDIO" data_type: TYPE_INT16 dims: [ -1 ] } ]
output [ { name: "SEGMENTS" data_type: TYPE_UINT8 dims: [ -1 ] } ]
ensemble_scheduling {
  step [
    {
      model_name: "transcription"
      model_version: -1
      input_map  { key: "AUDIO"     value: "AUDIO" }
      output_map { key: "SEGMENTS"  value: "SEGMENTS" }
    }
  ]
}
"""


@pytest.fixture(scope="module")
def hub() -> Iterator[tuple[Hub, str]]:
    """A hub with one repository: Whisper tiny.en under another name."""
    folder = whisper_folder("tiny.en", read_settings())
    with serve_hub() as (hub, url):
        files = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
        hub.repositories[SLOW] = files
        hub.repositories[CRAFTED] = {**files, "model.bin": without_heads(files["model.bin"])}
        yield hub, url


@pytest.fixture(scope="module")
def lean(hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A Triton that keeps two Whispers at the most, and none for long."""
    graph, cache = tmp_path_factory.mktemp("graph"), tmp_path_factory.mktemp("cache")
    for model in MODELS:
        (graph / model).symlink_to(MODEL_REPOSITORY / model)
    (graph / "asr").mkdir()
    (graph / "asr/config.pbtxt").write_text(TEXT_ONLY, encoding="utf-8")
    (cache / "weights").mkdir()
    for name in ("base", "tiny.en"):
        folder = whisper_folder(name, read_settings())
        (cache / "weights" / folder.name).symlink_to(folder)
    with tiny_triton(
        tmp_path_factory.mktemp("lean"),
        graph,
        CACHE_DIR=str(cache),
        DEVICE="cpu",
        HF_ENDPOINT=hub[1],
        HF_HUB_OFFLINE="0",
        HF_TOKEN="",
        MAX_LOADED_MODELS="2",
        MODELS=f"base,tiny.en,{SLOW},{CRAFTED},someone/damaged,nobody/nothing",
        MODEL_KEEP_ALIVE_SECONDS=str(KEEP_ALIVE),
    ) as settings:
        yield settings


@pytest.fixture(scope="module")
def pcm(sample_audio) -> bytes:
    """Four seconds with :data:`WORDS` in them."""
    return sample_audio[8 * 16_000 : 12 * 16_000].tobytes()


def transcribe(engine: Engine, pcm: bytes, model: str | None = None) -> Awaitable[Transcript]:
    async def ask() -> Transcript:
        with Recording(shared=True) as recording:
            os.write(recording.fd, pcm)
            options = Options(model=model, language="en").due_in(60)
            return await engine.transcribe(recording, options, "SEGMENTS")

    return ask()


async def loaded(engine: Engine) -> list[str]:
    while (models := (await engine.describe())["loaded_models"]) is None:
        await asyncio.sleep(0.1)
    return models


def resident_megabytes(pid: int) -> float:
    (line,) = (
        line
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("VmRSS")
    )
    return int(line.split()[1]) / 1024


def test_an_idle_network_gives_its_memory_back_and_is_loaded_again(lean, pcm):
    async def use(engine: Engine) -> tuple[float, float, str]:
        text = (await transcribe(engine, pcm)).segments[0].text
        assert await loaded(engine) == ["base"]
        before = resident_megabytes(process(lean, "whisper"))
        while await loaded(engine):
            await asyncio.sleep(0.1)
        after = resident_megabytes(process(lean, "whisper"))
        assert (await transcribe(engine, pcm)).segments[0].text == text
        assert await loaded(engine) == ["base"]
        return before, after, text

    before, after, text = run(lean, use)
    assert WORDS in text
    assert before - after > 50, (before, after)  # MB; the network's int8 weights are 75


def test_a_network_that_is_being_fetched_stops_nobody(lean, hub, pcm):
    async def use(engine: Engine) -> None:
        hub[0].open.clear()
        slow = asyncio.create_task(transcribe(engine, pcm, SLOW))
        while not any(f"GET /{SLOW}/resolve" in request for request in hub[0].requests):
            await asyncio.sleep(0.05)
        for model in (None, "tiny.en", None):
            assert (await transcribe(engine, pcm, model)).segments
        assert not slow.done()
        assert SLOW not in await loaded(engine)
        hub[0].open.set()
        transcript = await slow
        assert transcript.model == SLOW
        assert WORDS in transcript.segments[0].text
        # Room for it was made.
        there = await loaded(engine)
        assert SLOW in there
        assert len(there) <= 2

    run(lean, use)


@pytest.mark.parametrize(
    ("model", "kind", "words"),
    [
        ("nobody/nothing", InvalidRequest, "unknown model 'nobody/nothing'"),
        (CRAFTED, InvalidRequest, f"'{CRAFTED}' cannot be loaded: it ends the process"),
        ("someone/damaged", WeightsUnavailable, "'someone/damaged' cannot be fetched"),
    ],
)
def test_weights_that_cannot_be_had_are_named(lean, hub, pcm, model, kind, words):
    hub[0].repositories["someone/damaged"] = WHISPER
    hub[0].damaged = {"config.json"} if model == "someone/damaged" else set()
    leaf = process(lean, "whisper")

    async def use(engine: Engine) -> None:
        with pytest.raises(kind, match=words) as failure:
            await transcribe(engine, pcm, model)
        assert type(failure.value) is kind
        assert (await transcribe(engine, pcm)).segments

    run(lean, use)
    assert process(lean, "whisper") == leaf
