"""wav2vec2 where torch and WhisperX are not installed, and nothing of them before it is used."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environments.lean_environment import lean_environment
from tests.speech.wav2vec2 import save_small_wav2vec2

ASK = """
import sys
from pipeline.alignment.networks import AlignmentNetworks
from pipeline.errors import PipelineError
from pipeline.settings import read_settings

networks = AlignmentNetworks(read_settings(device="cpu"))
try:
    networks.use("en").__enter__()
except PipelineError as failure:
    print(type(failure).__name__, failure, sep=": ")
"""
RUNTIMES = """
import sys, time
from pipeline.alignment.networks import AlignmentNetworks
from pipeline.errors import ModelLoading
from pipeline.settings import read_settings

networks = AlignmentNetworks(read_settings(device="cpu", alignment_models={"en": sys.argv[1]}))
while True:
    try:
        with networks.use("en"):
            break
    except ModelLoading:
        time.sleep(0.1)
with open("/proc/self/maps") as maps:
    print(*{line.split()[-1] for line in maps if "libcudart" in line})
"""
LOOK = """
import sys, time
from pipeline.alignment.networks import AlignmentNetworks
from pipeline.errors import ModelLoading, WeightsNotFound
from pipeline.settings import read_settings

networks = AlignmentNetworks(read_settings(device="cpu", hf_hub_offline=True))
while True:
    try:
        networks.use("en").__enter__()
    except ModelLoading:
        time.sleep(0.01)
    except WeightsNotFound as failure:
        print(failure)
        break
print({"torch", "torchaudio", "whisperx"} & sys.modules.keys())
"""


@pytest.fixture(scope="module")
def lean(tmp_path_factory) -> Path:
    return lean_environment(tmp_path_factory.mktemp("lean")) / "bin/python"


def run(*command: object, folder: Path, **variables: str) -> subprocess.CompletedProcess:
    given = {name: value for name, value in os.environ.items() if name != "ALIGNMENT"}
    return subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**given, **variables},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )


def test_the_lean_environment_has_the_rest(lean, tmp_path):
    assert run(lean, "-c", "import numpy, adapter.app", folder=tmp_path).returncode == 0
    told = run(lean, "-c", "import torch", folder=tmp_path).stderr
    assert "ModuleNotFoundError: No module named 'torch'" in told


def test_a_request_for_ctc_hears_how_to_have_it(lean, tmp_path):
    told = run(lean, "-c", ASK, folder=tmp_path)
    assert told.stdout.startswith("InvalidRequest: alignment: ctc needs torch and whisperx"), told
    assert "set ALIGNMENT=ctc, with which make serve installs them" in told.stdout


def test_what_is_there_is_not_asked_for(tmp_path, tmp_path_factory):
    python = lean_environment(tmp_path_factory.mktemp("lean"), ["whisperx"]) / "bin/python"
    assert "alignment: ctc needs whisperx, not" in run(python, "-c", ASK, folder=tmp_path).stdout


def test_the_leaf_is_not_loaded_where_every_request_would_fail(lean, tmp_path):
    told = run(lean, "-c", ASK, folder=tmp_path, ALIGNMENT="ctc")
    assert "SettingsError: ALIGNMENT='ctc': it needs torch and whisperx" in told.stderr
    assert "ALIGNMENT='ctc'" not in run(lean, "-c", ASK, folder=tmp_path).stderr


def test_the_start_fails_by_name_before_anything_is_fetched(lean, tmp_path):
    told = run(lean, "-m", "adapter.serve", folder=tmp_path, ALIGNMENT="ctc", CACHE_DIR=tmp_path)
    assert told.returncode == 2, told
    assert told.stderr.startswith("ALIGNMENT='ctc': it needs torch and whisperx")
    assert told.stderr.count("\n") == 1


def test_torch_is_not_imported_to_find_no_weights(tmp_path):
    told = run(sys.executable, "-c", LOOK, folder=tmp_path, CACHE_DIR=tmp_path)
    message, modules = told.stdout.splitlines()
    assert "the alignment model for 'en': WAV2VEC2_ASR_BASE_960H is not in" in message
    assert modules == "set()"


def test_a_network_brings_one_cuda_runtime_into_its_process(tmp_path):
    """torch's own, and not the one that torchvision's wheel has as well."""
    network = save_small_wav2vec2(tmp_path / "wav2vec2")
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUNTIMES, network],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=True,
    )
    (runtime,) = told.stdout.splitlines()[-1].split()
    assert "nvidia/cuda_runtime" in runtime
