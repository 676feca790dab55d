"""The networks answer as those who trained them compute it."""

import numpy as np
import pytest
import torch
from pyannote.audio.utils.powerset import Powerset

from pipeline.audio import to_float
from pipeline.diarization.local import LocalDiarizer
from pipeline.diarization.networks import ecapa
from pipeline.diarization.networks.ecapa import MIN_SAMPLES
from pipeline.diarization.networks.loading import load_embedding
from pipeline.diarization.networks.segmentation import SUBSETS
from pipeline.diarization.recipe import ungated as ungated_recipe
from pipeline.diarization.windows import WINDOW
from pipeline.settings import read_settings


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_classes_are_pyannotes_powerset() -> None:
    np.testing.assert_array_equal(SUBSETS, Powerset(3, 2).mapping.numpy())


def test_ecapa_embeds_one_speaker_as_speechbrain_does(
    ungated: LocalDiarizer, audio: np.ndarray
) -> None:
    piece = audio[16_000 * 22 : 16_000 * 27]
    network = ungated.embedding
    with torch.inference_mode():
        features = network._features(torch.from_numpy(to_float(piece))[None])
        features = features - features.mean(dim=1, keepdim=True)
        expected = network._network(features)[0, 0].numpy()
    ours = network(piece, np.ones((1, 1), np.uint8))[0]
    np.testing.assert_allclose(ours, expected, atol=1e-3)


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


def test_bfloat16_gives_the_same_voices(monkeypatch, audio: np.ndarray) -> None:
    masks = np.zeros((2, len(audio) // 160), np.uint8)
    masks[0, 1100:1400] = masks[1, 2250:2700] = 1
    single, half = (_embed(monkeypatch, bfloat16, audio, masks) for bfloat16 in (False, True))
    assert (single != half).any()
    for speaker in (0, 1):
        assert cosine(single[speaker], half[speaker]) > 0.9995


def test_what_equals_stock_is_never_in_bfloat16(monkeypatch, audio: np.ndarray) -> None:
    window, mask = audio[:WINDOW], np.ones((1, 1), np.uint8)
    single, half = (_embed(monkeypatch, bfloat16, window, mask) for bfloat16 in (False, True))
    np.testing.assert_array_equal(single, half)


def _embed(monkeypatch, bfloat16: bool, audio: np.ndarray, masks: np.ndarray) -> np.ndarray:
    monkeypatch.setattr(ecapa, "computes_in_bfloat16", lambda: bfloat16)
    return load_embedding(read_settings(device="cpu"))(audio, masks)


@pytest.mark.parametrize(
    ("samples", "frames"), [(MIN_SAMPLES - 1, [1, 1]), (48_000, [0, 0]), (0, [1])]
)
def test_without_enough_speech_there_is_no_voice(
    ungated: LocalDiarizer, audio: np.ndarray, samples: int, frames: list[int]
) -> None:
    embeddings = ungated.embedding(audio[:samples], np.array([frames], np.uint8))
    assert embeddings.shape == (1, 192)
    assert np.isnan(embeddings).all()


def test_the_shortest_audio_is_what_pyannote_finds(stock_pipeline: object) -> None:
    assert stock_pipeline._embedding.min_num_samples == ungated_recipe().min_samples
