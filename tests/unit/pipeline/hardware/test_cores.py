"""Cores by the quotas of cgroups of both versions, which are files here."""

import os
from pathlib import Path

import pytest

from pipeline.hardware import available_cores

MANY = set(range(64))


@pytest.fixture(autouse=True)
def _a_machine_with_many_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: MANY)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")


def cores(tmp_path: Path, own: str) -> int:
    write(tmp_path / "own", own)
    return available_cores(tmp_path / "mounted", tmp_path / "own")


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        ("max 100000", 64),
        ("200000 100000", 2),
        ("250000 100000", 3),  # a part of a core is one
        ("10000 100000", 1),
        ("9900000 100000", 64),  # more than there are
        ("nonsense", 64),
    ],
)
def test_a_quota_of_version_2(tmp_path, quota, expected):
    write(tmp_path / "mounted/docker/one/cpu.max", quota)
    assert cores(tmp_path, "0::/docker/one\n") == expected


def test_a_quota_of_a_cgroup_around_holds_too(tmp_path):
    write(tmp_path / "mounted/pod/cpu.max", "300000 100000")
    write(tmp_path / "mounted/pod/container/cpu.max", "max 100000")
    assert cores(tmp_path, "0::/pod/container\n") == 3


def test_the_root_of_a_containers_own_namespace(tmp_path):
    write(tmp_path / "mounted/cpu.max", "150000 100000")
    assert cores(tmp_path, "0::/\n") == 2


def test_a_path_of_the_host_that_the_container_does_not_see(tmp_path):
    write(tmp_path / "mounted/cpu.max", "400000 100000")
    assert cores(tmp_path, "0::/kubepods/pod7/container\n") == 4


@pytest.mark.parametrize("folder", ["cpu,cpuacct", "cpu"])
@pytest.mark.parametrize(("quota", "expected"), [("-1", 64), ("500000", 5)])
def test_a_quota_of_version_1(tmp_path, folder, quota, expected):
    group = tmp_path / "mounted" / folder / "docker/one"
    write(group / "cpu.cfs_quota_us", quota)
    write(group / "cpu.cfs_period_us", "100000")
    assert cores(tmp_path, "3:cpuset:/\n4:cpu,cpuacct:/docker/one\n0::/\n") == expected


def test_affinity_goes_before_a_larger_quota(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    write(tmp_path / "mounted/cpu.max", "800000 100000")
    assert cores(tmp_path, "0::/\n") == 2


def test_a_system_without_cgroups(tmp_path):
    assert available_cores(tmp_path / "none", tmp_path / "none") == 64
    assert available_cores() >= 1
