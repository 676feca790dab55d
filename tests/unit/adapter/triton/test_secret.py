"""Who may know Triton's secret, and which processes it tells apart."""

import os
import stat
import subprocess
import sys
from dataclasses import dataclass

import pytest

from adapter.triton.processes import end_server, live_instances
from adapter.triton.secret import GRPC_HEADER, TritonSecret, find, publish, restrictions, withdraw

PORT = 8001


@dataclass
class Request:
    """What tritonclient gives its plugins."""

    headers: dict[str, str] | None = None


def test_each_start_makes_another_that_only_its_user_can_read(tmp_path):
    first = publish(PORT, folder=tmp_path)
    assert find(PORT, tmp_path) == first
    (path,) = tmp_path.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert publish(PORT, folder=tmp_path) != first
    assert len(first) == 64
    withdraw(PORT, tmp_path)
    assert find(PORT, tmp_path) is None
    withdraw(PORT, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_one_that_is_given_is_taken(tmp_path):
    assert publish(PORT, "given-by-the-operator", tmp_path) == "given-by-the-operator"
    assert find(PORT, tmp_path) == "given-by-the-operator"


def test_what_another_user_has_put_there_is_not_believed(tmp_path, monkeypatch):
    publish(PORT, folder=tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert find(PORT, tmp_path) is None


def test_a_link_is_not_followed(tmp_path):
    publish(PORT, folder=tmp_path)
    (path,) = tmp_path.iterdir()
    path.with_name(path.name.replace("8001", "8002")).symlink_to(path)
    assert find(8002, tmp_path) is None


@pytest.fixture
def port():
    """One whose secret lies where adapters look for it."""
    port = 1  # nobody's
    yield port
    withdraw(port)


def test_a_client_shows_it_beside_its_other_headers(port):
    secret = publish(port)
    for headers, expected in ((None, {}), ({"a": "b"}, {"a": "b"})):
        request = Request(headers)
        TritonSecret(port)(request)
        assert request.headers == {**expected, GRPC_HEADER: secret}


def test_where_none_is_known_none_is_shown(port):
    request = Request()
    TritonSecret(port)(request)
    assert request.headers is None


def test_a_triton_with_another_secret_is_elsewhere(port):
    secret = publish(port)
    assert TritonSecret(port).here() == TritonSecret(port, secret).here() == secret
    elsewhere = TritonSecret(port, "of-another-machine")
    assert elsewhere.here() is None
    request = Request()
    elsewhere(request)
    assert request.headers == {GRPC_HEADER: "of-another-machine"}


@pytest.fixture
def server(tmp_path):
    """A process that looks like a Triton with the secret «ours» on port 8001."""
    program = tmp_path / "tritonserver"
    program.symlink_to(sys.executable)
    sleep = "import sys; print(flush=True); sys.stdin.read()"
    arguments = ["-c", sleep, f"--grpc-port={PORT}", *restrictions("ours")]
    process = subprocess.Popen([program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def test_only_the_server_with_our_secret_is_ours(server):
    for others in (None, "our", "theirs", ""):
        assert live_instances(others) is None
        assert not end_server(others)
    assert server.poll() is None
    assert live_instances("ours") == {}  # it has no models
    assert end_server("ours")
    assert server.wait(10) < 0
