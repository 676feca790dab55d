"""What ``python -m adapter.serve`` says, in one sentence, when it cannot start."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.services.ports import free_ports

VARIABLES = ("PORT", "TRITON_HTTP_PORT", "TRITON_GRPC_PORT", "TRITON_METRICS_PORT")


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def refusal(tmp_path, **variables: str) -> str:
    """The one line on standard error of a launcher that stops with status 2."""
    outcome = subprocess.run(
        [sys.executable, "-m", "adapter.serve"],
        cwd=tmp_path,
        env={**os.environ, "CACHE_DIR": str(tmp_path), "HOST": "127.0.0.1", **variables},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert outcome.returncode == 2
    assert len(outcome.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
    return outcome.stderr


@pytest.mark.parametrize("variable", VARIABLES)
def test_a_port_that_is_taken(tmp_path, taken, variable):
    ports = dict(zip(VARIABLES, map(str, free_ports(4)), strict=True))
    said = refusal(tmp_path, **{**ports, variable: str(taken)})
    assert said == f"port {taken} is taken; set {variable} to a free one\n"


def test_one_port_for_two(tmp_path):
    first, second = free_ports(2)
    said = refusal(
        tmp_path, PORT=str(first), TRITON_HTTP_PORT=str(second), TRITON_GRPC_PORT=str(second)
    )
    assert f"TRITON_HTTP_PORT and TRITON_GRPC_PORT are both {second}" in said


def test_an_address_that_is_not_here(tmp_path):
    assert "HOST='203.0.113.7' is no address of this machine" in refusal(
        tmp_path, HOST="203.0.113.7"
    )


def test_a_cache_that_triton_would_not_find(tmp_path):
    said = refusal(tmp_path, CACHE_DIR="/tmp/Jörg", LC_ALL="C", PYTHONIOENCODING="ascii")
    assert "CACHE_DIR='/tmp/Jörg'" in said


def test_an_unknown_device(tmp_path):
    said = refusal(tmp_path, DEVICE="tpu")
    assert "DEVICE='tpu'" in said
    assert "'auto', 'cpu' or 'cuda'" in said


def test_a_number_that_is_none(tmp_path):
    assert "BATCH_SIZE='many'" in refusal(tmp_path, BATCH_SIZE="many")
