"""community-1 with networks of its architectures, since its weights are not to be had here."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from pyannote.audio import Pipeline

from pipeline.audio import SAMPLE_RATE
from pipeline.diarization.local import LocalDiarizer
from pipeline.diarization.networks.community_onnx import OnnxWeSpeaker, open_segmentation
from pipeline.diarization.networks.community_torch import TorchSegmentation, WeSpeaker
from pipeline.diarization.recipe import community
from pipeline.options import Options
from pipeline.weights.catalog import COMMUNITY
from tests.cores import CORES
from tests.unit.pipeline.diarization import stock

OPTIONS = Options(num_speakers=2, return_speaker_embeddings=True)
ABSENT = {"torch", "torchaudio", "pyannote", "lightning", "sklearn", "asteroid_filterbanks", "onnx"}
PROGRAM = f"""
import sys
import numpy as np
from pipeline.diarization.clustering import Bounds
from pipeline.diarization.local import LocalDiarizer
from pipeline.settings import read_settings

chance = np.random.default_rng(0)
diarizer = LocalDiarizer.load(read_settings(device="cpu"))
noise = chance.integers(-9000, 9000, 192_000).astype(np.int16)
diarizer(noise)
diarizer.embedding(noise, np.ones((2, 9), np.uint8))
diarizer.recipe.find(chance.normal(size=(30, 256)), 1.0, Bounds(4, 4), np.arange(30))
print(type(diarizer.embedding).__name__, type(diarizer.recipe.find).__name__)
print(sorted(set(sys.modules) & {ABSENT!r}))
"""


@pytest.fixture(scope="module")
def diarizer(community_folder: Path) -> LocalDiarizer:
    """The pair as a CPU computes it, from its folder."""
    return LocalDiarizer(
        open_segmentation(community_folder / "segmentation", cores=CORES),
        OnnxWeSpeaker(community_folder / "embedding", cores=CORES),
        community(community_folder),
    )


@pytest.fixture(scope="module")
def in_torch(diarizer: LocalDiarizer, community_folder: Path) -> LocalDiarizer:
    """The pair as CUDA computes it, on the CPU."""
    return replace(
        diarizer,
        segmentation=TorchSegmentation(community_folder / "segmentation", cores=CORES),
        embedding=WeSpeaker(community_folder / "embedding"),
    )


@pytest.fixture(scope="module")
def piece(audio: np.ndarray) -> np.ndarray:
    """Both speakers in three windows: a ResNet34 takes its time."""
    return audio[7 * SAMPLE_RATE : 19 * SAMPLE_RATE]


def cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return (one * other).sum(axis=1) / lengths


def test_exact_equals_pyannote(
    diarizer: LocalDiarizer, piece: np.ndarray, community_folder: Path
) -> None:
    pipeline = Pipeline.from_pretrained(community_folder)
    with stock.ties_in_order():
        theirs = pipeline(stock.recording(piece), num_speakers=2)
    stock.assert_same(diarizer(piece, OPTIONS, exact=True), theirs)


def test_a_cpu_finds_the_turns_that_torch_finds(
    diarizer: LocalDiarizer, in_torch: LocalDiarizer, audio: np.ndarray
) -> None:
    options = Options(return_speaker_embeddings=True)
    ours, theirs = diarizer(audio, options), in_torch(audio, options)
    assert ours.turns
    assert ours.turns == theirs.turns
    assert list(ours.speaker_embeddings) == list(theirs.speaker_embeddings)
    for name, vector in ours.speaker_embeddings.items():
        assert cosines(np.array([vector]), np.array([theirs.speaker_embeddings[name]])) > 0.9999


def test_segmentation_is_the_networks(
    diarizer: LocalDiarizer, in_torch: LocalDiarizer, audio: np.ndarray
) -> None:
    silence = np.zeros(len(audio[: 10 * SAMPLE_RATE]), np.int16)
    windows = np.stack([*stock.cut_windows(audio), silence])
    ours, theirs = diarizer.segmentation(windows), in_torch.segmentation(windows)
    assert ours.dtype == np.uint8
    assert ours.any(axis=(0, 1)).sum() > 1
    assert (ours == theirs).all(axis=2).mean() > 0.999  # rounding decides where two are as likely


def test_embeddings_are_the_networks(
    diarizer: LocalDiarizer, in_torch: LocalDiarizer, piece: np.ndarray
) -> None:
    chance = np.random.default_rng(0)
    masks = (chance.random((5, 1200)) < np.array([[1.0], [0.5], [0.1], [0.0], [0.0]])).astype(
        np.uint8
    )
    masks[3, 400:404] = 1  # half a frame of the network
    ours, theirs = diarizer.embedding(piece, masks), in_torch.embedding(piece, masks)
    assert ours.dtype == np.float32
    assert np.isnan(ours[4]).all()
    assert (cosines(ours[:4], theirs[:4]) > 0.99999).all()
    scale = np.abs(theirs[:4]).max()
    np.testing.assert_allclose(ours[:4], theirs[:4], atol=1e-3 * scale)


def test_audio_without_a_frame_has_no_voice(diarizer: LocalDiarizer, audio: np.ndarray) -> None:
    embeddings = diarizer.embedding(audio[:399], np.ones((2, 3), np.uint8))
    assert embeddings.shape == (2, 256)
    assert np.isnan(embeddings).all()
    assert np.isfinite(diarizer.embedding(audio[:400], np.ones((2, 3), np.uint8))).all()


def test_shared_gives_voices_that_speakr_can_store(
    diarizer: LocalDiarizer, piece: np.ndarray
) -> None:
    turns = diarizer(piece, OPTIONS)
    assert turns.turns
    assert {turn.speaker for turn in turns.turns} == set(turns.speaker_embeddings)
    vectors = np.array(list(turns.speaker_embeddings.values()))
    assert vectors.shape[1] == 256
    assert np.isfinite(vectors).all()
    assert vectors.any(axis=1).all()


def test_without_a_hint(diarizer: LocalDiarizer, piece: np.ndarray) -> None:
    assert diarizer(piece[: 6 * SAMPLE_RATE]).turns


def test_a_segmentation_of_other_speakers_is_refused(
    community_folder: Path, tmp_path: Path
) -> None:
    saved = torch.load(community_folder / "segmentation" / "pytorch_model.bin", weights_only=False)
    saved["state_dict"]["classifier.weight"] = torch.zeros(4, 128)
    saved["state_dict"]["classifier.bias"] = torch.zeros(4)
    torch.save(saved, tmp_path / "pytorch_model.bin")
    for load in (open_segmentation, TorchSegmentation):
        with pytest.raises(ValueError, match="not for 3 speakers, 2 at once"):
            load(tmp_path, cores=1)


class Touch:
    """Pickled, it asks whoever reads it to make a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple:
        return os.system, (f"touch {self._path}",)


@pytest.mark.parametrize("network", ["segmentation", "embedding"])
def test_no_pickle_is_run_on_cuda_either(
    community_folder: Path, tmp_path: Path, network: str
) -> None:
    load = {"segmentation": TorchSegmentation, "embedding": WeSpeaker}[network]
    saved = torch.load(community_folder / network / "pytorch_model.bin", weights_only=False)
    saved["callbacks"] = Touch(tmp_path / "called")
    torch.save(saved, tmp_path / "pytorch_model.bin")
    with pytest.raises(ValueError, match=r"wants to call posix\.system"):
        load(tmp_path)
    assert not (tmp_path / "called").exists()


@pytest.mark.parametrize("change", ["a layer less", "other shapes"])
def test_another_network_is_refused(community_folder: Path, tmp_path: Path, change: str) -> None:
    saved = torch.load(community_folder / "embedding" / "pytorch_model.bin", weights_only=False)
    tensors = saved["state_dict"]
    if change == "a layer less":
        del tensors["resnet.layer4.2.conv1.weight"]
    else:
        tensors["resnet.layer4.2.conv1.weight"] = torch.zeros(256, 256, 1, 1)
    torch.save(saved, tmp_path / "pytorch_model.bin")
    with pytest.raises(ValueError, match="do not fit the graph wespeaker"):
        OnnxWeSpeaker(tmp_path)
    with pytest.raises(ValueError, match=r"resnet\.layer4\.2\.conv1\.weight does not fit"):
        WeSpeaker(tmp_path)


def test_a_cpu_imports_no_torch(community_folder: Path, tmp_path: Path) -> None:
    weights = tmp_path / "weights" / COMMUNITY.replace("/", "--")
    shutil.copytree(community_folder, weights)
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"CACHE_DIR": str(tmp_path), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == ["OnnxWeSpeaker Vbx", "[]"]
