"""The command before the real service."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.audio import SAMPLE_RATE
from tests.clients.command import ASR, SECONDS, environment_of
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
def run(environment, tmp_path) -> Callable[..., subprocess.CompletedProcess]:
    """Runs ``asr`` to its end, in a pipe and in a folder of the test's."""

    def run(*arguments: object, **more: object) -> subprocess.CompletedProcess:
        return subprocess.run(
            [*ASR, *map(str, arguments)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            timeout=SECONDS,
            **{"text": True, "encoding": "utf-8", **more},
        )

    return run
