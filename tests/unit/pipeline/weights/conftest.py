"""A package index and a model hub that a test can fill, without a network."""

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.settings import Settings
from pipeline.weights import pins
from tests.services.model_hub import Hub, serve_hub


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with an empty cache."""
    return Settings(cache_dir=tmp_path / "cache", hf_token=None, hf_hub_offline=False)


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make wheels that pip finds, and only those."""
    index = tmp_path / "index"
    index.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))

    def make(name: str, version: str, files: dict[str, bytes]) -> None:
        stem = f"{name.replace('-', '_')}-{version}"
        with zipfile.ZipFile(index / f"{stem}-py3-none-any.whl", "w") as archive:
            for path, content in files.items():
                archive.writestr(path, content)
            archive.writestr(
                f"{stem}.dist-info/METADATA",
                f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            )
            archive.writestr(
                f"{stem}.dist-info/WHEEL",
                "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            )
            archive.writestr(f"{stem}.dist-info/RECORD", "")

    return make


@pytest.fixture
def model_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub on this machine that huggingface_hub talks to, where nothing is pinned."""
    monkeypatch.setattr(pins, "REVISIONS", {})
    monkeypatch.setattr(pins, "SHA256", {"torchaudio": {}})
    with serve_hub() as (hub, url):
        point_hub_at(url, monkeypatch)
        yield hub


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub that refuses connections, whatever this machine can reach."""
    point_hub_at("http://127.0.0.1:9", monkeypatch)


def point_hub_at(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make ``endpoint`` the model hub for this test."""
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
