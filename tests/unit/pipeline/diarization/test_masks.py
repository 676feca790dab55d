"""The frames that embeddings are pooled over are those that pyannote pools over."""

import numpy as np
import pytest
import torch
from pyannote.audio.pipelines import SpeakerDiarization

from pipeline.diarization.masks import pooling_masks, resample
from pipeline.diarization.recipe import ungated
from pipeline.diarization.stretches import excised, shared, windowed
from pipeline.diarization.windows import FRAMES, SPEAKERS, WINDOW
from tests.unit.pipeline.diarization import stock


class Listener:
    """Notes the masks that pyannote gives an embedding network."""

    min_num_samples = ungated().min_samples
    sample_rate = 16_000

    def __init__(self) -> None:
        self.masks: list[np.ndarray] = []

    def __call__(self, waveforms: torch.Tensor, masks: torch.Tensor) -> np.ndarray:
        self.masks += list(masks.numpy())
        return np.zeros((len(masks), 1))


@pytest.mark.parametrize("target", [125, 998, 1000, 1001, WINDOW])
def test_masks_spread_like_torch_spreads_them(target: int) -> None:
    masks = np.random.default_rng(0).integers(0, 2, (2, FRAMES)).astype(np.uint8)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(masks.astype(np.float32))[None], size=target, mode="nearest"
    )[0]
    np.testing.assert_array_equal(resample(masks, target), expected.numpy())


def test_masks_are_those_that_pyannote_selects(
    activity: np.ndarray, audio: np.ndarray, stock_pipeline: SpeakerDiarization
) -> None:
    # One local speaker left with fewer clean frames than an embedding needs.
    activity = activity.copy()
    activity[3] = 0
    activity[3, 100:300, :2] = 1
    activity[3, 300:303, 0] = 1
    listener = Listener()
    stock_pipeline._embedding = listener
    stock_pipeline.get_embeddings(
        stock.recording(audio), stock.windows(activity), exclude_overlap=True
    )
    expected = np.stack(listener.masks).reshape(len(activity), SPEAKERS, FRAMES)
    ours = pooling_masks(activity, ungated().min_frames).transpose(0, 2, 1)
    np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("make", [shared, windowed, excised])
def test_every_active_local_speaker_gets_one_embedding(
    make: object, activity: np.ndarray, audio: np.ndarray
) -> None:
    masks = pooling_masks(activity, ungated().min_frames)
    pairs = [
        (window, speaker)
        for stretch in make(audio, 0, masks)
        for window, speaker in zip(stretch.windows, stretch.speakers, strict=True)
    ]
    assert sorted(pairs) == [tuple(pair) for pair in np.argwhere(activity.any(axis=1))]


def test_a_shared_stretch_pools_the_same_audio(activity: np.ndarray, audio: np.ndarray) -> None:
    masks = pooling_masks(activity, ungated().min_frames)
    samples = np.arange(len(audio), dtype=np.int64)
    (stretch,) = shared(samples, 0, masks)
    alone = list(excised(samples, 0, masks))
    for row, piece in zip(stretch.masks, alone, strict=True):
        pooled = stretch.audio[resample(row, len(stretch.audio)).astype(bool)]
        # Frames of 10 ms against frames of 17 ms.
        assert len(np.setxor1d(pooled, piece.audio)) <= 0.05 * len(piece.audio) + 4 * 170
