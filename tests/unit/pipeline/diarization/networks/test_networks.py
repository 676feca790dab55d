"""The networks answer as those who trained them compute it."""

import numpy as np
import pytest
import torch
from pyannote.audio.utils.powerset import Powerset
from speechbrain.lobes.features import Fbank

from pipeline.audio import to_float
from pipeline.diarization.local import LocalDiarizer
from pipeline.diarization.networks.ecapa import MEL_BANDS, MIN_SAMPLES
from pipeline.diarization.networks.ecapa_torch import TorchEcapa
from pipeline.diarization.networks.filterbank import Filterbank
from pipeline.diarization.networks.segmentation import SUBSETS
from pipeline.diarization.networks.sessions import open_graph
from pipeline.diarization.recipe import ungated as ungated_recipe


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_classes_are_pyannotes_powerset() -> None:
    np.testing.assert_array_equal(SUBSETS, Powerset(3, 2).mapping.numpy())


@pytest.mark.parametrize(("start", "end"), [(22, 27), (8, 8.05), (3, 13)])
def test_ecapa_embeds_one_speaker_as_speechbrain_does(
    ungated: LocalDiarizer, torch_ecapa: TorchEcapa, audio: np.ndarray, start: float, end: float
) -> None:
    piece = audio[int(16_000 * start) : int(16_000 * end)]
    with torch.inference_mode():
        features = torch_ecapa._features(torch.from_numpy(to_float(piece))[None])
        features = features - features.mean(dim=1, keepdim=True)
        expected = torch_ecapa._network(features)[0, 0].numpy()
    exact, ours = (
        network(piece, np.ones((1, 1), np.uint8))[0] for network in (torch_ecapa, ungated.embedding)
    )
    np.testing.assert_allclose(exact, expected, atol=1e-4 * np.abs(expected).max())
    assert cosine(exact, expected) > 0.9999
    assert cosine(ours, expected) > 0.995  # in eight bits


@pytest.mark.parametrize("samples", [640, 48_000, 480_000])
def test_the_filterbank_is_speechbrains(audio: np.ndarray, samples: int) -> None:
    signal = to_float(audio[16_000 * 8 :][:samples])
    ours = Filterbank(MEL_BANDS)(signal)
    theirs = Fbank(n_mels=MEL_BANDS)(torch.from_numpy(signal)[None])[0].numpy()
    assert ours.dtype == np.float32
    # Of 80 dB; its filters are rounded to single precision on the way.
    np.testing.assert_allclose(ours, theirs, atol=2e-3)


def test_the_filterbank_cuts_off_what_is_80_db_below_the_loudest() -> None:
    tone = np.sin(2 * np.pi * 1000 / 16_000 * np.arange(16_000)).astype(np.float32)
    tone[8_000:] = 0
    features = Filterbank(MEL_BANDS)(tone)
    np.testing.assert_allclose(features[60:], features.max() - 80)


def test_weights_of_another_network_are_refused(torch_ecapa: TorchEcapa) -> None:
    weights = {name: value.numpy() for name, value in torch_ecapa._network.state_dict().items()}
    open_graph("ecapa_pooling", weights, threads=1)
    for bad in (None, np.zeros(191, np.float32), weights["fc.conv.bias"].astype(np.float16)):
        changed = weights | {"fc.conv.bias": bad}
        if bad is None:
            del changed["fc.conv.bias"]
        with pytest.raises(ValueError, match="ecapa_pooling"):
            open_graph("ecapa_pooling", changed, threads=1)


def test_a_stretch_of_several_speakers_gives_each_his_own_voice(
    ungated: LocalDiarizer, audio: np.ndarray
) -> None:
    masks = np.zeros((2, len(audio) // 160), np.uint8)
    masks[0, 1100:1400] = masks[1, 2250:2700] = 1  # speaker90 and speaker91 of the .rttm, alone
    shared = ungated.embedding(audio, masks)
    alone = [
        ungated.embedding(audio[row.repeat(160).astype(bool)], np.ones((1, 1), np.uint8))[0]
        for row in masks
    ]
    for speaker in (0, 1):
        assert cosine(shared[speaker], alone[speaker]) > 0.8
        assert cosine(shared[speaker], alone[1 - speaker]) < 0.5


def test_a_voice_does_not_depend_on_what_else_is_in_the_stretch(
    ungated: LocalDiarizer, audio: np.ndarray
) -> None:
    mask = np.zeros((1, len(audio) // 160), np.uint8)
    mask[:, 2250:2700] = 1
    whole = ungated.embedding(audio, mask)[0]
    part = ungated.embedding(audio[16_000 * 17 :], mask[:, 1700:])[0]
    assert cosine(whole, part) > 0.99


@pytest.mark.parametrize(
    ("samples", "frames"), [(MIN_SAMPLES - 1, [1, 1]), (48_000, [0, 0]), (0, [1])]
)
def test_without_enough_speech_there_is_no_voice(
    ungated: LocalDiarizer,
    torch_ecapa: TorchEcapa,
    audio: np.ndarray,
    samples: int,
    frames: list[int],
) -> None:
    for network in (ungated.embedding, torch_ecapa):
        embeddings = network(audio[:samples], np.array([frames], np.uint8))
        assert embeddings.shape == (1, 192)
        assert np.isnan(embeddings).all()


def test_a_mask_without_frames_leaves_the_others_alone(
    ungated: LocalDiarizer, audio: np.ndarray
) -> None:
    masks = np.zeros((3, 300), np.uint8)
    masks[0, 50:150] = masks[2, 100:250] = 1
    embeddings = ungated.embedding(audio[: 16_000 * 3], masks)
    assert np.isnan(embeddings[1]).all()
    assert np.isfinite(embeddings[[0, 2]]).all()


def test_the_shortest_audio_is_what_pyannote_finds(stock_pipeline: object) -> None:
    assert stock_pipeline._embedding.min_num_samples == ungated_recipe().min_samples
