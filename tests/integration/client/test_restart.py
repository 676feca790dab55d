"""The command before adapters of the tests' own: with keys, and one that is killed and comes back.

Triton is a real one whose models do what the hotwords tell them.
"""

import os
import subprocess

import pytest

from tests.clients.command import ASR, SECONDS, environment_of
from tests.services.adapters import adapter_beside
from tests.services.ports import free_ports
from tests.services.tiny_triton import PCM, TEXT, pieces_done
from tests.speech.media import write_wav
from tests.waiting import until

KEY = "a-key-of-sixteen-letters"
SLOW = "pieces 6 0.5"  # what the tiny graph does for three seconds


@pytest.fixture
def variables(tiny, tmp_path) -> dict[str, str]:
    """Those of an adapter before the tiny graph."""
    return {
        "API_KEY": KEY,
        "DATA_DIR": str(tmp_path / "data"),
        "TRITON_GRPC_PORT": str(tiny.triton_grpc_port),
        "TRITON_HTTP_PORT": str(tiny.triton_http_port),
    }


def test_a_key_is_asked_for_and_sent(variables, tmp_path):
    with adapter_beside(os.environ, tmp_path, **variables) as adapter:
        models = [*ASR, "models"]
        environment = environment_of(adapter.url)
        more = {"capture_output": True, "text": True, "encoding": "utf-8", "timeout": SECONDS}
        stranger = subprocess.run(models, env=environment, **more)
        friend = subprocess.run(models, env={**environment, "ASR_API_KEY": KEY}, **more)
    assert stranger.returncode == 1
    assert stranger.stderr.startswith("asr: 401 unauthorized: an API key is missing")
    assert stranger.stderr.endswith("; set ASR_API_KEY to one of the service's keys\n")
    assert stranger.stderr.count("\n") == 1
    assert friend.returncode == 0
    assert "the default" in friend.stdout


@pytest.mark.long
def test_a_service_that_is_killed_and_started_again_is_waited_for(tiny, variables, tmp_path):
    (port,) = free_ports(1)
    for name in ("first", "second", "in"):
        (tmp_path / name).mkdir()
    write_wav(tmp_path / "in" / "tiny.wav", PCM, 16_000)
    with adapter_beside(os.environ, tmp_path / "first", port, **variables) as first:
        done = pieces_done(tiny)
        command = subprocess.Popen(
            [*ASR, "transcribe", "in", "--out", "out", "--no-diarize", "--hotwords", SLOW],
            cwd=tmp_path,
            env={**environment_of(first.url), "ASR_API_KEY": KEY},
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        until(lambda: pieces_done(tiny) > done)
        first.process.kill()
        first.process.wait()
    with adapter_beside(os.environ, tmp_path / "second", port, **variables):
        _, said = command.communicate(timeout=SECONDS)
    assert (command.returncode, said) == (0, "tiny.wav: 0:03 of sound, tiny.txt\n")
    assert (tmp_path / "out" / "tiny.txt").read_text("utf-8") == f"[00:00.0] {TEXT}\n"
