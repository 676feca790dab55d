"""Weights that have decayed to almost nothing are nothing: processors are slow with them."""

import numpy as np
import pytest

from pipeline.diarization.networks.ecapa import ARCHITECTURE, CHECKPOINT
from pipeline.diarization.networks.sessions import open_graph, without_subnormals
from pipeline.settings import current_settings
from pipeline.weights import speaker_embedding_folder
from pipeline.weights.checkpoints import read_tensors

CHANNELS, HIDDEN = ARCHITECTURE["channels"][-1], ARCHITECTURE["attention_channels"]


@pytest.fixture(scope="module")
def weights() -> dict[str, np.ndarray]:
    return read_tensors(speaker_embedding_folder(current_settings()) / CHECKPOINT)


def embedding(weights: dict[str, np.ndarray]) -> np.ndarray:
    chance = np.random.default_rng(0)
    inputs = {
        "frames": chance.standard_normal((50, CHANNELS)).astype(np.float32),
        "shared": chance.standard_normal((50, HIDDEN)).astype(np.float32),
        "chosen": np.arange(50),
    }
    return open_graph("ecapa_pooling", weights, threads=1).run(None, inputs)[0][0]


def test_a_graph_computes_with_zero_instead(weights: dict[str, np.ndarray]) -> None:
    last = weights["fc.conv.weight"].copy()
    last[:7] = 1e-40
    bias = np.zeros_like(weights["fc.conv.bias"])
    changed = weights | {"fc.conv.weight": last, "fc.conv.bias": bias}
    voice = embedding(changed)
    assert not voice[:7].any()
    assert voice[7:].all()


def test_no_other_weight_changes(weights: dict[str, np.ndarray]) -> None:
    ours = np.array([1e-45, -1e-39, 0, -0.5, 1.2e-38, np.nan, np.inf], np.float32)
    expected = np.array([0, 0, 0, -0.5, 1.2e-38, np.nan, np.inf], np.float32)
    np.testing.assert_array_equal(without_subnormals(ours), expected)
    counts = np.array([3, 0], np.int64)
    assert without_subnormals(counts) is counts


def test_ecapa_has_such_weights_and_does_without(weights: dict[str, np.ndarray]) -> None:
    attention = weights["asp.conv.conv.weight"]
    decayed = (attention != 0) & (without_subnormals(attention) == 0)
    assert decayed.mean() > 0.03
