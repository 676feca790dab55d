"""The client by itself, in an environment that holds nothing else, against the real service."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.environments.client_distribution import install_client

FEW_MEGABYTES = 15  # pydantic's compiled half is most of it; the service's environment has 800
PACKAGES = """
import importlib.metadata as metadata
print(*sorted(found.metadata["Name"] for found in metadata.distributions()))
"""
LIBRARY = """
import sys
from client import Client

with Client(sys.argv[1]) as client:
    transcript = client.transcribe(sys.argv[2], diarize=False)
print(type(transcript).__module__, len(transcript.segments), transcript.language)
"""


@pytest.fixture(scope="module")
def commands(tmp_path_factory) -> Path:
    return install_client(tmp_path_factory.mktemp("client"))


def run(*command: object, folder: Path) -> str:
    """What a command writes, run where no source of ours is on Python's path."""
    outcome = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout


def test_it_brings_no_network_and_no_server(commands, tmp_path):
    installed = run(commands / "python", "-c", PACKAGES, folder=tmp_path).split()
    assert {"httpx", "pydantic", "triton-asr-client"} <= set(installed)
    assert not {"numpy", "torch", "fastapi", "tritonclient", "triton-asr"} & set(installed)
    own = [
        file
        for file in commands.parent.glob("lib/*/site-packages/**/*")
        if file.is_file() and not {"pip", "setuptools", "__pycache__"} & set(file.parts)
    ]
    assert sum(file.stat().st_size for file in own) < FEW_MEGABYTES * 1_000_000


def test_the_command_transcribes(commands, service, sample, conversation, tmp_path):
    said = run(
        *(commands / "asr", "transcribe", sample, "--url", service.base_url, "--json", "-"),
        folder=tmp_path,
    )
    assert [(segment["speaker"], segment["text"]) for segment in json.loads(said)["segments"]] == [
        (segment["speaker"], segment["text"]) for segment in conversation["segments"]
    ]


def test_the_library_transcribes(commands, service, sample, tmp_path):
    told = run(
        *(commands / "python", "-c", LIBRARY, service.base_url, sample),
        folder=tmp_path,
    )
    module, segments, language = told.split()
    assert (module, language) == ("documents", "en")
    assert int(segments) > 3
