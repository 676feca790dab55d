"""Leaves of a real Triton on a machine whose cards are data: each takes its own, Triton none."""

import json
import os
import site
from pathlib import Path

import pytest

from adapter.embedded.backend import assemble
from adapter.embedded.repository import render
from adapter.embedded.tritonserver import TritonFailed, TritonServer
from pipeline import hardware
from pipeline.settings import Settings
from tests.cards.table import card
from tests.services.ports import free_ports

GRAPH = Path(__file__).with_name("graph")
CARDS = (card("RTX 3090"), card("RTX 3090", 1))
START_SECONDS = 120


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    """Of a machine with two cards, both of which serve."""
    monkeypatch.setattr(hardware, "survey", lambda: hardware.Survey(CARDS))
    monkeypatch.setenv("CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")  # of the operator
    (tmp_path / "cache").mkdir()
    ports = dict(
        zip(
            ("triton_http_port", "triton_grpc_port", "triton_metrics_port"),
            free_ports(3),
            strict=True,
        )
    )
    return Settings(_env_file=None, device="auto", **ports)


def start(settings: Settings, run: Path, graph: Path) -> TritonServer:
    models = render(run / "models", settings, graph)
    # What was unpacked already, wherever the cache of this test is.
    server = assemble(settings.model_copy(update={"cache_dir": UNPACKED}))
    return TritonServer(settings, server, run / "models", models, run)


UNPACKED = Path(os.environ.get("CACHE_DIR") or "~/.cache/triton-asr").expanduser()


def test_each_leaf_sees_its_card_before_it_loads_anything_and_triton_sees_none(settings, tmp_path):
    server = start(settings, tmp_path, GRAPH)
    try:
        server.wait_until_ready(START_SECONDS)
        environment = Path(f"/proc/{server.process.pid}/environ").read_bytes().split(b"\0")
    finally:
        server.process.kill()
        server.stop()
    assert b"CUDA_VISIBLE_DEVICES=" in environment
    files = sorted((settings.cache_dir / "seen").iterdir())
    seen = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    assert [file.stem for file in files] == ["whisper_0_0", "whisper_0_1"]
    assert [each["card"] for each in seen] == [each.uuid for each in CARDS]
    assert [each["visible"] for each in seen] == [each.uuid for each in CARDS]
    assert [each["loaded_before"] for each in seen] == [[], []]
    assert [each["torch_sees"] for each in seen] == [0, 0]  # cards that are not there
    for each in seen:
        (runtime,) = (file for file in each["libraries"] if "libcudart" in file)
        packages = [Path(folder).resolve() for folder in site.getsitepackages()]
        assert any(Path(runtime).resolve().is_relative_to(folder) for folder in packages)
        assert each["torch_was_built_for"] == "12.8"


def test_a_group_of_gpus_is_refused(settings, tmp_path):
    graph = tmp_path / "graph/whisper"
    graph.mkdir(parents=True)
    (graph / "1").symlink_to(GRAPH / "whisper/1")
    config = (GRAPH / "whisper/config.pbtxt").read_text(encoding="utf-8")
    (graph / "config.pbtxt").write_text(config.replace("KIND_CPU", "KIND_GPU"), encoding="utf-8")
    server = start(settings, tmp_path / "run", graph.parent)
    try:
        with pytest.raises(TritonFailed, match=r"whisper: .*(GPU|instance group)"):
            server.wait_until_ready(START_SECONDS)
    finally:
        server.process.kill()
        server.stop()
