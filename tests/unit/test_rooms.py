"""Which part of the repository may know which, read off the imports and off fresh processes."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BACKEND = "triton_python_backend_utils"
CLIENT_OF_TRITON = "tritonclient"
# What runs networks, or loads them.
NETWORKS = {
    *("torch", "torchaudio", "onnxruntime", "ctranslate2", "transformers"),
    *("faster_whisper", "whisperx", "pyannote", "speechbrain"),
}
# All of the pipeline that the adapter may know: what a request may say, and what it may hear.
ADAPTER_KNOWS = {
    *("pipeline.audio", "pipeline.errors", "pipeline.languages", "pipeline.options"),
    *("pipeline.settings", "pipeline.transcription.whisper_names"),
    "pipeline.serving",  # the name of a metric
    "pipeline.attribution.tracks",  # transcripts of people who were recorded apart
    *("pipeline.telemetry.logs", "pipeline.telemetry.traces"),
}
# Beyond that where Triton runs beside it, without a container: what must be there first.
EMBEDDED_KNOWS = {
    "pipeline.hardware",  # which cards serve
    *("pipeline.weights.bundled", "pipeline.weights.cache", "pipeline.weights.catalog"),
    "pipeline.weights.defaults",
}
# And `make check`, which has the networks fail on purpose.
CHECK_KNOWS = {"pipeline.hardware", "pipeline.serving.batches.faults"}
MODELS = sorted((ROOT / "model_repository").glob("*/1/model.py"))


def imports_in(source: str, package: str) -> Iterator[str]:
    """Every module that a source imports, wherever in it that stands.

    Args:
        package: the one that relative imports start from.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(parents if node.level else ()), *filter(None, [node.module])])
            for alias in node.names:
                yield f"{base}.{alias.name}" if is_module(f"{base}.{alias.name}") else base
        elif isinstance(node, ast.Call) and node.args and is_importer(node.func):
            assert isinstance(node.args[0], ast.Constant), "an import that nobody can read"
            yield node.args[0].value


def is_importer(function: ast.expr) -> bool:
    return ast.unparse(function) in ("importlib.import_module", "import_module", "__import__")


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def imports_of(room: str) -> Iterator[tuple[str, str]]:
    """(file, module) for every import of the Python files under a folder."""
    files = sorted((ROOT / room).rglob("*.py"))
    assert files, f"there is no {room}/"
    for path in files:
        file = path.relative_to(ROOT)
        for module in imports_in(path.read_text(encoding="utf-8"), ".".join(file.parent.parts)):
            if module.split(".")[0] not in sys.stdlib_module_names:
                yield str(file), module


def top(module: str) -> str:
    return module.split(".")[0]


def test_every_way_to_import_is_seen():
    source = """
import json, torch.nn as nn
from pipeline import settings, errors
from pipeline.errors import InvalidRequest
def later():
    from .fanout import FanOut
    from .. import audio
    import_module("whisperx")
"""
    assert sorted(imports_in(source, "pipeline.serving")) == [
        *("json", "pipeline.audio", "pipeline.errors", "pipeline.errors"),
        *("pipeline.serving.fanout", "pipeline.settings", "torch.nn", "whisperx"),
    ]


def test_only_serving_knows_triton():
    knowing = {
        file
        for file, module in imports_of("pipeline")
        if top(module) in (BACKEND, CLIENT_OF_TRITON)
    }
    assert knowing
    assert {file for file in knowing if not file.startswith("pipeline/serving/")} == set()


def test_the_pipeline_knows_nobody_who_asks_it():
    assert [
        (file, module)
        for file, module in imports_of("pipeline")
        if top(module) in ("adapter", "client", "model_repository", "benchmarks", "tests")
    ] == []


def test_the_speech_work_does_not_know_who_serves_it():
    assert [
        (file, module)
        for file, module in imports_of("pipeline")
        if module.startswith("pipeline.serving") and not file.startswith("pipeline/serving/")
    ] == []


def test_the_adapter_knows_no_network():
    strange = []
    for file, module in imports_of("adapter"):
        known = ADAPTER_KNOWS
        if file.startswith("adapter/embedded/"):
            known = ADAPTER_KNOWS | EMBEDDED_KNOWS
        if file.startswith("adapter/check/"):
            known = ADAPTER_KNOWS | CHECK_KNOWS
        if top(module) in {*NETWORKS, BACKEND} or (
            top(module) == "pipeline" and module not in known
        ):
            strange.append((file, module))
    assert strange == []


def test_what_the_adapter_may_know_is_what_it_knows():
    known = {module for _, module in imports_of("adapter") if top(module) == "pipeline"}
    assert known == ADAPTER_KNOWS | EMBEDDED_KNOWS | CHECK_KNOWS


def test_only_the_start_knows_the_client():
    """``make serve`` transcribes a sample with it, as a user would."""
    assert {file for file, module in imports_of("adapter") if top(module) == "client"} == {
        "adapter/serve.py"
    }


def test_the_client_knows_neither_side():
    known = {(file, top(module)) for file, module in imports_of("client")}
    assert {module for _, module in known} == {
        *("client", "click", "documents", "httpx", "numpy", "pydantic", "typing_extensions"),
        CLIENT_OF_TRITON,
    }
    heavy = {file for file, module in known if module in ("numpy", CLIENT_OF_TRITON)}
    assert heavy
    assert {file for file in heavy if not file.startswith("client/triton/")} == set()  # [triton]


def test_the_documents_know_nobody():
    assert {module for _, module in imports_of("documents")} == {"pydantic"}


def test_the_models_know_the_pipeline_only():
    assert {top(module) for _, module in imports_of("model_repository")} == {
        *("documents", "numpy", "pipeline")
    }


def loaded_by(program: str, folder: Path) -> set[str]:
    """The top-level packages that a fresh process has loaded after running ``program``."""
    program += "\nimport sys\nprint(*{name.split('.')[0] for name in sys.modules})"
    told = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        timeout=120,
    )
    return set(told.stdout.split())


@pytest.mark.parametrize("module", ["adapter.app", "adapter.serve", "adapter.embedded.container"])
def test_the_adapter_starts_without_a_network(module, tmp_path):
    loaded = loaded_by(f"import {module}", tmp_path)
    assert "pipeline" in loaded
    assert NETWORKS & loaded == set()


@pytest.mark.parametrize("path", MODELS, ids=[path.parent.parent.name for path in MODELS])
def test_a_model_is_read_without_torch(path, tmp_path):
    # Its other half is inside Triton's process only; nothing of it is used before `initialize`.
    (tmp_path / f"{BACKEND}.py").touch()
    loaded = loaded_by(
        f"import runpy, sys\nsys.path.insert(0, {str(tmp_path)!r})\nrunpy.run_path({str(path)!r})",
        tmp_path,
    )
    assert BACKEND in loaded
    heavy = NETWORKS - {"onnxruntime"}  # Silero, which is small, is a step's own
    assert heavy & loaded == set()
