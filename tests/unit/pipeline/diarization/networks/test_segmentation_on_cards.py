"""segmentation-3.0 as CUDA computes it answers what the CPU does; computed here on the CPU."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from pipeline.audio import to_float
from pipeline.diarization.networks.pyannet.segmentation import TorchPyanNet
from pipeline.diarization.networks.segmentation import OnnxSegmentation
from pipeline.diarization.networks.sessions import GRAPHS
from pipeline.settings import read_settings
from pipeline.weights import segmentation_file
from tests.cores import CORES
from tests.unit.pipeline.diarization import stock


@pytest.fixture(scope="module")
def file() -> Path:
    return segmentation_file(read_settings(device="cpu"))


@pytest.fixture(scope="module")
def in_torch(file: Path) -> TorchPyanNet:
    return TorchPyanNet(file, cores=CORES)


@pytest.fixture(scope="module")
def windows(audio: np.ndarray) -> np.ndarray:
    silence, noise = np.zeros((2, 160_000), np.int16)
    noise[:] = np.random.default_rng(0).integers(-9000, 9000, len(noise))
    return np.stack([*stock.cut_windows(audio)[::4], silence, noise])


def test_speakers_are_active_in_the_same_frames(
    file: Path, in_torch: TorchPyanNet, windows: np.ndarray
) -> None:
    ours = in_torch(windows)
    theirs = OnnxSegmentation.from_file(file, cores=CORES)(windows)
    assert ours.dtype == theirs.dtype == np.uint8
    assert ours.shape == theirs.shape == (len(windows), 589, 3)
    assert theirs.any(axis=(0, 1)).sum() > 1
    assert (ours == theirs).all(axis=2).mean() > 0.999  # rounding decides where two are as likely


def test_probabilities_are_the_same(
    file: Path, in_torch: TorchPyanNet, windows: np.ndarray
) -> None:
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    samples = to_float(windows[:2, None])
    (theirs,) = session.run(None, {session.get_inputs()[0].name: samples})
    with torch.inference_mode():
        ours = in_torch._network(torch.from_numpy(samples)).log_softmax(dim=2).numpy()
    np.testing.assert_allclose(ours, theirs, atol=2e-3)
    np.testing.assert_allclose(np.exp(ours), np.exp(theirs), atol=2e-4)


def test_a_window_does_not_depend_on_its_batch(in_torch: TorchPyanNet, windows: np.ndarray) -> None:
    together = in_torch(windows[-4:])
    for window, expected in zip(windows[-4:], together, strict=True):
        assert (in_torch(window[None])[0] == expected).all(axis=1).mean() > 0.999


@pytest.mark.parametrize("bytes_kept", [0, 1000, 100_000, -50_000])
def test_a_damaged_file_is_refused(file: Path, tmp_path: Path, bytes_kept: int) -> None:
    damaged = tmp_path / "model.onnx"
    damaged.write_bytes(file.read_bytes()[:bytes_kept])
    with pytest.raises(ValueError, match=r"model\.onnx is no"):
        TorchPyanNet(damaged)


def test_another_network_is_refused() -> None:
    with pytest.raises(ValueError, match=r"wespeaker\.onnx is no"):
        TorchPyanNet(GRAPHS / "wespeaker.onnx")
