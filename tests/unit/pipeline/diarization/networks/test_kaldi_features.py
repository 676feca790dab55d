"""The features are those that WeSpeaker was trained on."""

import numpy as np
import pytest
import torch
from pyannote.audio.models.embedding import WeSpeakerResNet34

from pipeline.audio import to_float
from pipeline.diarization.networks.kaldi_features import log_mel_energies
from pipeline.diarization.windows import WINDOW


@pytest.fixture(scope="module")
def wespeaker() -> WeSpeakerResNet34:
    """pyannote's network; only its features are asked for."""
    return WeSpeakerResNet34().eval()


def theirs(network: WeSpeakerResNet34, audio: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return network.compute_fbank(torch.from_numpy(to_float(audio)[None, None]))[0].numpy()


@pytest.mark.parametrize("samples", [400, 559, 560, 12_345, WINDOW])
def test_speech_has_the_features_that_pyannote_computes(
    wespeaker: WeSpeakerResNet34, audio: np.ndarray, samples: int
) -> None:
    piece = audio[7 * 16_000 :][:samples]
    ours = log_mel_energies(piece)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs(wespeaker, piece), atol=2e-3)


@pytest.mark.parametrize("kind", ["loud noise", "one step", "silence", "silence and speech"])
def test_so_has_what_is_no_speech(
    wespeaker: WeSpeakerResNet34, audio: np.ndarray, kind: str
) -> None:
    silence = np.zeros(WINDOW, np.int16)
    chance = np.random.default_rng(0)
    piece = {
        "loud noise": chance.integers(-(2**15), 2**15, WINDOW).astype(np.int16),
        "one step": np.where(np.arange(WINDOW) < WINDOW // 2, 0, 1000).astype(np.int16),
        "silence": silence,
        "silence and speech": np.concatenate([silence[8000:], audio[-8000:]]),
    }[kind]
    np.testing.assert_allclose(log_mel_energies(piece), theirs(wespeaker, piece), atol=2e-3)
