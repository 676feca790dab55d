"""community-1 with networks of its architectures, since its weights are not to be had here."""

from pathlib import Path

import numpy as np
import pytest
from pyannote.audio import Pipeline

from pipeline.audio import SAMPLE_RATE
from pipeline.diarization.local import LocalDiarizer
from pipeline.diarization.networks.community import TorchSegmentation, WeSpeaker
from pipeline.diarization.recipe import community
from pipeline.options import Options
from tests.unit.pipeline.diarization import stock

OPTIONS = Options(num_speakers=2, return_speaker_embeddings=True)


@pytest.fixture(scope="module")
def diarizer(community_folder: Path) -> LocalDiarizer:
    """The pair, from its folder."""
    return LocalDiarizer(
        TorchSegmentation(community_folder / "segmentation", cores=2),
        WeSpeaker(community_folder / "embedding"),
        community(community_folder),
    )


@pytest.fixture(scope="module")
def piece(audio: np.ndarray) -> np.ndarray:
    """Both speakers in three windows: a ResNet34 takes its time."""
    return audio[7 * SAMPLE_RATE : 19 * SAMPLE_RATE]


def test_exact_equals_pyannote(
    diarizer: LocalDiarizer, piece: np.ndarray, community_folder: Path
) -> None:
    pipeline = Pipeline.from_pretrained(community_folder)
    with stock.ties_in_order():
        theirs = pipeline(stock.recording(piece), num_speakers=2)
    stock.assert_same(diarizer(piece, OPTIONS, exact=True), theirs)


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
