"""Samples in shared memory, and what opens Triton's."""

import stat

import numpy as np
import pytest

from adapter.intake.recording import PREFIX as OF_ADAPTERS
from adapter.triton.secret import GRPC_HEADER
from adapter.triton.secret import PREFIX as SECRETS
from client.triton import regions
from client.triton.regions import HEADER, PREFIX, Region, headers_for, is_here


@pytest.fixture
def memory(tmp_path, monkeypatch):
    monkeypatch.setattr(regions, "SHARED_MEMORY", tmp_path)
    monkeypatch.delenv("TRITON_SECRET", raising=False)
    return tmp_path


def test_samples_lie_there_for_this_user_only_until_they_are_taken_away(memory):
    region = Region(np.array([1, -2, 3], np.int16))
    (path,) = memory.iterdir()
    assert path.read_bytes() == b"\x01\x00\xfe\xff\x03\x00"
    assert (region.size, region.key) == (6, f"/{path.name}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    region.close()
    region.close()
    assert list(memory.iterdir()) == []


def test_names_are_those_that_the_service_knows():
    assert (PREFIX, HEADER) == (OF_ADAPTERS, GRPC_HEADER)
    assert regions.PUBLISHED == SECRETS


def test_the_secret_is_given_or_of_the_environment_or_found(memory, monkeypatch):
    assert headers_for("localhost:8001", None) == {}
    (memory / f"{SECRETS}8001").write_text("found", encoding="ascii")
    assert headers_for("localhost:8001", None) == {HEADER: "found"}
    assert headers_for("localhost:8002", None) == {}
    (memory / f"{SECRETS}8002").symlink_to(memory / f"{SECRETS}8001")
    assert headers_for("localhost:8002", None) == {}
    monkeypatch.setenv("TRITON_SECRET", "of the environment")
    assert headers_for("localhost:8001", None) == {HEADER: "of the environment"}
    assert headers_for("localhost:8001", "given") == {HEADER: "given"}


@pytest.mark.parametrize(
    ("address", "here"),
    [("localhost:8001", True), ("127.0.0.1:8001", True), ("gpu-box:8001", False)],
)
def test_memory_is_shared_on_one_machine_only(memory, address, here):
    assert is_here(address) is here
