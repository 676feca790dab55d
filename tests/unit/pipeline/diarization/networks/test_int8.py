"""Frame-level layers in eight bits: no sum is cut off, and voices are those of single precision."""

import numpy as np
import pytest

from pipeline.diarization.local import LocalDiarizer
from pipeline.diarization.masks import pooling_masks
from pipeline.diarization.networks.ecapa import CHECKPOINT
from pipeline.diarization.networks.ecapa_torch import TorchEcapa
from pipeline.diarization.networks.int8.weights import QUANTISED, frame_level, quantise
from pipeline.diarization.recipe import ungated as ungated_recipe
from pipeline.diarization.stretches import shared
from pipeline.settings import current_settings
from pipeline.weights import speaker_embedding_folder
from pipeline.weights.checkpoints import read_tensors


@pytest.fixture(scope="module")
def tensors() -> dict[str, np.ndarray]:
    return read_tensors(speaker_embedding_folder(current_settings()) / CHECKPOINT)


def test_no_processor_cuts_off_a_sum_of_two_products(tensors: dict[str, np.ndarray]) -> None:
    made = frame_level(tensors)
    quantised = [made[f"{layer}.int8"] for layer in QUANTISED]
    assert len(quantised) == 4
    for weight in quantised:
        largest = np.abs(weight.astype(np.int64)).max(axis=0)
        assert 2 * 255 * largest.max() <= np.iinfo(np.int16).max
        assert (largest == 64).mean() > 0.95  # all but outputs whose weights have decayed


def test_a_weight_is_off_by_half_a_step_at_most() -> None:
    matrix = np.random.default_rng(0).standard_normal((300, 40)).astype(np.float32)
    matrix[:, 7] *= 1e-3
    matrix[:, 8] = 0
    weight, scale = quantise(matrix)
    assert weight.dtype == np.int8
    assert (np.abs(weight * scale - matrix) <= 0.5001 * scale).all()
    assert scale[7] < 1e-4
    assert not weight[:, 8].any()


def test_voices_are_those_of_single_precision(
    ungated: LocalDiarizer, torch_ecapa: TorchEcapa, audio: np.ndarray, activity: np.ndarray
) -> None:
    masks = pooling_masks(activity, ungated_recipe().min_frames)
    (stretch,) = shared(audio, 0, masks)
    ours = ungated.embedding(stretch.audio, stretch.masks)
    exact = torch_ecapa(stretch.audio, stretch.masks)

    def unit(voices: np.ndarray) -> np.ndarray:
        return voices / np.linalg.norm(voices, axis=1, keepdims=True)

    ours, exact = unit(ours), unit(exact)
    assert (ours * exact).sum(axis=1).min() > 0.995
    # Who is like whom is what counts.
    np.testing.assert_allclose(ours @ ours.T, exact @ exact.T, atol=0.03)
