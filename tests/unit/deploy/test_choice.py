"""Which lock serves, by what the settings say and the machine has."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.choice import choose, read_choice_settings
from pipeline.settings import Settings

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("device", "alignment", "gpu", "lock"),
    [
        (None, None, False, "cpu"),
        (None, None, True, "cuda"),
        ("auto", "auto", False, "cpu"),
        ("auto", "attention", True, "cuda"),
        ("cpu", "auto", True, "cpu"),
        ("cpu", "attention", False, "cpu"),
        ("cuda", "attention", False, "cuda"),
        ("cpu", "ctc", False, "cuda"),
        (None, "ctc", False, "cuda"),
        ("gpu", "auto", True, "cpu"),  # which the settings refuse, without 7 GB before it
    ],
)
def test_the_lock_is_the_smallest_that_serves(device, alignment, gpu, lock):
    said = {"DEVICE": device, "ALIGNMENT": alignment}
    assert choose({name: value for name, value in said.items() if value}, gpu).lock == lock


@pytest.mark.parametrize(
    ("said", "gpu", "lock"),
    [
        ({}, False, "cpu-traces"),
        ({"DEVICE": "cpu"}, True, "cpu-traces"),
        ({"ALIGNMENT": "ctc"}, False, "cuda"),  # which has it
        ({}, True, "cuda"),
    ],
)
def test_opentelemetry_comes_with_its_endpoint(said, gpu, lock):
    choice = choose({**said, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, gpu)
    assert choice.lock == lock
    if lock == "cpu-traces":
        assert choice.reason.endswith("with OpenTelemetry, as OTEL_EXPORTER_OTLP_ENDPOINT is set")


def test_who_pays_for_torch_is_told_why():
    assert "ALIGNMENT=ctc needs" in choose({"DEVICE": "cpu", "ALIGNMENT": "ctc"}, False).reason
    assert "DEVICE=cpu goes without" in choose({}, True).reason


@pytest.mark.parametrize(
    "line",
    [
        "DEVICE=cpu",
        "export DEVICE=cpu",
        "  DEVICE = cpu  ",
        "device=cpu",
        "DEVICE='cpu'",
        'DEVICE="cpu"   # without the card',
        "DEVICE=cpu # without the card",
        "#DEVICE=cuda\nDEVICE=cpu",
        "DEVICE=cuda\nDEVICE=cpu",
        "# DEVICE=cpu",
        "DEVICE=",
        "CUDA_DEVICE=cuda",
        "HOTWORDS=DEVICE=cuda",
    ],
)
def test_env_files_are_read_as_the_settings_read_them(line, tmp_path: Path, monkeypatch):
    monkeypatch.delenv("DEVICE", raising=False)
    env_file = tmp_path / ".env"
    env_file.write_text(f"PRELOAD_MODEL=münchen/base\n{line}\n", encoding="utf-8")
    read = read_choice_settings(env_file, {}).get("DEVICE", "auto")
    assert read == Settings(_env_file=env_file).device


def test_the_environment_goes_before_the_env_file(tmp_path: Path):
    env_file = tmp_path / ".env"
    env_file.write_text("DEVICE=cuda\nALIGNMENT=ctc\n", encoding="utf-8")
    environment = {"DEVICE": "cpu", "ALIGNMENT": "", "HOME": "/"}
    assert read_choice_settings(env_file, environment) == {"DEVICE": "cpu", "ALIGNMENT": "ctc"}
    assert read_choice_settings(tmp_path / "none", {}) == {}


def test_it_runs_before_anything_is_installed():
    command = [sys.executable, "-S", "-m", "deploy.environment", "--help"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    outcome = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True)
    assert outcome.returncode == 0, outcome.stderr
