"""The command before the real service."""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from client.cli import main
from pipeline.audio import SAMPLE_RATE
from tests.clients.command import environment_of
from tests.speech.media import write_wav


@pytest.fixture(scope="session")
def phrase(sample_audio, tmp_path_factory) -> Path:
    """Two seconds of the sample: «This is Diane in New Jersey.»"""
    path = tmp_path_factory.mktemp("phrase") / "phrase.wav"
    start, end = int(12.4 * SAMPLE_RATE), int(14.3 * SAMPLE_RATE)
    write_wav(path, sample_audio[start:end], SAMPLE_RATE)
    return path


@pytest.fixture
def environment(service) -> dict[str, str]:
    """That of a command, which finds the service by it."""
    return environment_of(service.base_url)


@pytest.fixture
def run(environment, tmp_path, monkeypatch, capsys) -> Callable[..., CompletedProcess]:
    """Runs ``asr`` to its end within this process, whose start is most of a short command's time.

    What it writes goes where no terminal is.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASR_URL", environment["ASR_URL"])

    def run(*arguments: object, stdin: bytes = b"") -> CompletedProcess:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        status = main([*map(str, arguments)])
        return CompletedProcess(arguments, status, *capsys.readouterr())

    return run
