"""Whisper, its words and the wav2vec2 leaf in a Triton whose Python has no torch."""

import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

import httpx
import pytest

from adapter.embedded.repository import MODEL_REPOSITORY
from adapter.triton.processes import live_instances
from adapter.triton.secret import HEADER, find
from pipeline.settings import Settings
from tests.environments.lean_environment import lean_environment
from tests.services.adapter_thread import adapter_before
from tests.services.tiny_triton import tiny_triton

MODELS = (
    *("asr", "transcription", "diarization", "alignment", "attribution"),  # the ensemble
    *("whisper", "wav2vec2"),
)


@pytest.fixture(scope="module")
def lean(tmp_path_factory) -> Iterator[Settings]:
    """The graph but for diarization's leaves, on an interpreter that finds no torch."""
    folder = tmp_path_factory.mktemp("lean")
    graph = folder / "graph"
    graph.mkdir()
    for model in MODELS:
        (graph / model).symlink_to(MODEL_REPOSITORY / model)
    environment = lean_environment(folder / "environment")
    with ExitStack() as running:
        # Triton's stubs take the packages of the interpreter whose folder this is.
        with patch.object(sys, "prefix", str(environment)):
            triton = tiny_triton(folder / "run", graph, ALIGNMENT="auto", HF_HUB_OFFLINE="1")
            settings = running.enter_context(triton)
        yield settings


def ask(url: str, sample: Path, **query: str) -> httpx.Response:
    with sample.open("rb") as recording:
        return httpx.post(
            f"{url}/asr",
            params={"output": "json", "diarize": "false", **query},
            files={"audio_file": (sample.name, recording)},
            timeout=120,
        )


@pytest.fixture(scope="module")
def url(lean) -> Iterator[str]:
    with adapter_before(f"127.0.0.1:{lean.triton_grpc_port}") as url:
        yield url


@pytest.mark.parametrize("query", [{}, {"alignment": "auto"}, {"alignment": "attention"}])
def test_words_have_the_times_of_cross_attention(url, sample, query):
    answer = ask(url, sample, **query)
    assert answer.status_code == httpx.codes.OK, answer.text
    words = answer.json()["word_segments"]
    assert "chicago" in " ".join(word["word"] for word in words).lower()
    assert all(6.0 <= word["start"] < word["end"] <= 30.0 for word in words)


def test_ctc_is_refused_and_says_how_to_have_it(url, sample):
    answer = ask(url, sample, alignment="ctc")
    assert answer.status_code == httpx.codes.BAD_REQUEST
    detail = answer.json()["detail"]
    assert detail.startswith("alignment: ctc needs torch and whisperx, not installed")
    assert "set ALIGNMENT=ctc, with which make serve installs them" in detail


def test_the_leaf_is_healthy_and_small(lean):
    secret = find(lean.triton_grpc_port)
    url = f"http://127.0.0.1:{lean.triton_http_port}/v2/repository/index"
    index = httpx.post(url, headers={HEADER: secret}).json()
    assert {model["name"] for model in index if model.get("state") == "READY"} == set(MODELS)
    (process,) = live_instances(secret)["wav2vec2"].values()
    status = Path("/proc", str(process), "status").read_text(encoding="utf-8")
    (kilobytes,) = re.findall(r"RssAnon:\s+(\d+) kB", status)
    assert int(kilobytes) < 80_000  # torch alone brings 200
