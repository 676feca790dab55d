"""Stretches that share a batch on a card are heard as alone; computed here on the CPU."""

import numpy as np
import pytest
import torch
from torchaudio.models import wav2vec2_model
from transformers import Wav2Vec2Config, Wav2Vec2ForCTC

from pipeline.alignment.ctc import Labels
from pipeline.alignment.networks import AlignmentNetwork
from pipeline.alignment.together import OverEach, Together, can_be_batched, of_like_lengths
from pipeline.audio import SAMPLE_RATE
from tests.speech.wav2vec2 import save_small_wav2vec2

SECONDS = (1.0, 0.83, 0.95, 0.31)
LABELS = Labels(columns={"a": 1}, language="en")


def of_torchaudio(mode: str) -> torch.nn.Module:
    """A small network of torchaudio's architecture."""
    torch.manual_seed(0)
    layers = [(32, 10, 5), *[(32, 3, 2)] * 4, *[(32, 2, 2)] * 2]
    return wav2vec2_model(
        extractor_mode=mode,
        extractor_conv_layer_config=layers,
        extractor_conv_bias=False,
        encoder_embed_dim=48,
        encoder_projection_dropout=0.0,
        encoder_pos_conv_kernel=16,
        encoder_pos_conv_groups=4,
        encoder_num_layers=2,
        encoder_num_heads=4,
        encoder_attention_dropout=0.0,
        encoder_ff_interm_features=64,
        encoder_ff_interm_dropout=0.0,
        encoder_dropout=0.0,
        encoder_layer_norm_first=mode == "layer_norm",
        encoder_layer_drop=0.0,
        aux_num_out=32,
    ).eval()


def of_transformers(mode: str) -> torch.nn.Module:
    """A small network of Hugging Face's architecture."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    return Wav2Vec2ForCTC(
        Wav2Vec2Config(
            **sizes,
            vocab_size=32,
            intermediate_size=64,
            conv_dim=(32,) * 7,
            num_conv_pos_embeddings=16,
            num_conv_pos_embedding_groups=4,
            feat_extract_norm=mode.removesuffix("_norm"),
            do_stable_layer_norm=mode == "layer_norm",
        )
    ).eval()


@pytest.fixture(scope="module")
def stretches(sample_audio: np.ndarray) -> list[np.ndarray]:
    """Speech whose mean is not that of silence."""
    speech = sample_audio[13 * SAMPLE_RATE :] // 2 + 900
    return [speech[: int(SAMPLE_RATE * seconds)].astype(np.int16) for seconds in SECONDS]


@pytest.mark.parametrize("mode", ["group_norm", "layer_norm"])
@pytest.mark.parametrize("make", [of_torchaudio, of_transformers])
@torch.inference_mode()
def test_a_stretch_is_heard_in_a_batch_as_alone(make, mode, stretches):
    from_torchaudio = make is of_torchaudio
    alone = AlignmentNetwork(make(mode), LABELS, from_torchaudio)
    together = Together(make(mode))(stretches)
    for stretch, emission in zip(stretches, together, strict=True):
        expected = alone.emission(stretch)
        assert emission.shape == expected.shape
        np.testing.assert_allclose(emission, expected, atol=2e-4)
    # They are told apart by what is said, by far more than that.
    assert np.abs(together[0][:10] - together[0][20:30]).max() > 0.02


@torch.inference_mode()
def test_without_the_length_the_normalisation_would_hear_the_padding(stretches):
    network = of_torchaudio("group_norm")
    (expected,) = Together(network)(stretches[3:])
    norm = network.feature_extractor.conv_layers[0].layer_norm
    assert isinstance(norm, OverEach)
    padded = np.pad(stretches[3], (0, SAMPLE_RATE))
    (all_of_it,) = Together(network)([padded])
    assert np.abs(all_of_it[: len(expected)] - expected).max() > 0.02


@pytest.mark.parametrize("kind", ["torchaudio", "transformers"])
def test_half_precision_decides_as_single_does(kind, stretches, tmp_path):
    if kind == "torchaudio":
        networks = [of_torchaudio("group_norm") for _ in range(2)]
    else:
        folder = save_small_wav2vec2(tmp_path)
        networks = [Wav2Vec2ForCTC.from_pretrained(folder) for _ in range(2)]
    single, half = (
        AlignmentNetwork(network, LABELS, kind == "torchaudio", batched)
        for network, batched in zip(networks, (False, True), strict=True)
    )
    shortest = stretches[0][:300]
    for ours, theirs in zip(
        half.emissions([*stretches, shortest]),
        single.emissions([*stretches, shortest]),
        strict=True,
    ):
        assert ours.dtype == theirs.dtype == np.float32
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(np.exp(ours), np.exp(theirs), atol=0.06)
        assert np.abs(np.exp(ours) - np.exp(theirs)).mean() < 1e-3


def test_only_networks_that_are_understood_share_batches():
    class Wrapped(torch.nn.Module):  # as torchaudio's that normalise a batch as a whole
        def __init__(self) -> None:
            super().__init__()
            self.model = of_torchaudio("layer_norm")

    assert can_be_batched(of_torchaudio("layer_norm"))
    assert not can_be_batched(Wrapped())


def test_like_lengths_share_a_batch():
    assert list(of_like_lengths([10, 30, 29, 8, 23, 7])) == [[1, 2, 4], [0, 3], [5]]
    assert list(of_like_lengths([])) == []
