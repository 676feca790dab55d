"""Models speak UTF-8 whatever the locale is, from the first request on."""

from collections.abc import Iterator

import numpy as np
import pytest
import tritonclient.grpc as triton

from adapter.embedded.repository import MODEL_REPOSITORY
from documents import StepFailed, Transcript
from pipeline.settings import Settings, read_settings
from pipeline.weights import whisper_folder
from tests.services.tiny_triton import client, tiny_triton

FETCH_SECONDS = 300


@pytest.fixture(scope="module")
def ascii_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A Triton in the locale C that transcribes, with nothing in its cache but Whisper base."""
    graph, cache = tmp_path_factory.mktemp("graph"), tmp_path_factory.mktemp("cache")
    for model in ("transcription", "whisper"):
        (graph / model).symlink_to(MODEL_REPOSITORY / model)
    base = whisper_folder("base", read_settings())
    (cache / "weights").mkdir()
    (cache / "weights" / base.name).symlink_to(base)
    # What Triton itself needs.
    for folder in read_settings().cache_dir.glob("triton-*"):
        (cache / folder.name).symlink_to(folder)
    run = tmp_path_factory.mktemp("ascii")
    variables = {"LC_ALL": "C", "HF_HUB_OFFLINE": "1", "HF_TOKEN": "", "CACHE_DIR": str(cache)}
    with tiny_triton(run, graph, **variables) as settings:
        yield settings


def transcribe(settings: Settings, pcm: np.ndarray, **options: str) -> Transcript:
    audio = triton.InferInput("AUDIO", [1, len(pcm)], "INT16")
    audio.set_data_from_numpy(pcm[None])
    with client(settings) as connection:
        result = connection.infer("transcription", [audio], parameters=options)
    return Transcript.decode(result.as_numpy("SEGMENTS").tobytes())


def test_a_network_is_fetched_at_the_first_request_for_it(ascii_only, sample_audio):
    limit = FETCH_SECONDS * 1000
    transcript = transcribe(ascii_only, sample_audio, model="tiny.en", timeout_ms=limit)
    assert transcript.model == "tiny.en"
    assert any("Chicago" in segment.text for segment in transcript.segments)
    weights = ascii_only.cache_dir / "weights/whisper"
    assert (weights / "Systran--faster-whisper-tiny.en/model.bin").is_file()


def test_a_network_that_cannot_be_fetched_is_named(ascii_only, sample_audio):
    with pytest.raises(StepFailed, match="model 'small' cannot be fetched") as failure:
        transcribe(ascii_only, sample_audio, model="small")
    assert "ascii" not in str(failure.value)


def test_letters_of_other_scripts_arrive(ascii_only, sample_audio):
    """In a prompt, as in what the log says of it."""
    transcript = transcribe(ascii_only, sample_audio, initial_prompt="Шейла и Диана", language="ru")
    assert any("а" <= letter <= "я" for s in transcript.segments for letter in s.text.lower())
