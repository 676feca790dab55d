"""The spectrogram is the one that Whisper was trained on."""

import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor

from pipeline.audio import SAMPLE_RATE, to_float
from pipeline.transcription.chunking import CHUNK_SAMPLES
from pipeline.transcription.spectrogram import FRAMES, MARGIN, FrontEnd, Spectrogram, frames_heard


@pytest.mark.parametrize("mels", [80, 128])
@pytest.mark.parametrize("seconds", [0.05, 1.0, 5.6, 29.96, 30.0])
def test_it_is_that_of_faster_whisper(sample_audio, mels, seconds):
    chunk = sample_audio[-int(seconds * SAMPLE_RATE) :]
    padded = np.zeros(CHUNK_SAMPLES, np.float32)
    padded[: len(chunk)] = to_float(chunk)
    expected = FeatureExtractor(feature_size=mels)(padded)[:, :FRAMES]
    actual = Spectrogram(mels)(chunk)
    assert actual.shape == expected.shape == (mels, FRAMES)
    assert actual.dtype == np.float32
    np.testing.assert_allclose(actual, expected, atol=2e-4)


def test_silence_is_flat():
    assert np.ptp(Spectrogram(80)(np.zeros(SAMPLE_RATE, np.int16))) < 1e-6


@pytest.mark.parametrize("threads", [1, 4])
def test_chunks_of_a_batch_are_heard_side_by_side_as_one_by_one(sample_audio, threads):
    pieces = [sample_audio[: 4000 * (each + 1)] for each in range(6)]
    front_end = FrontEnd(80, threads)
    begun = [front_end.begin(piece) for piece in pieces]
    for piece, features in zip(pieces, begun, strict=True):
        np.testing.assert_array_equal(features(), Spectrogram(80)(piece))


@pytest.mark.parametrize("seconds", [0.05, 3.0, 9.999, 10.0, 21.9, 22.1, 30.0])
def test_the_encoder_hears_all_of_a_chunk_and_a_margin_of_silence(seconds):
    frames = frames_heard(round(seconds * SAMPLE_RATE))
    assert frames <= FRAMES
    assert frames >= min(100 * seconds + MARGIN, FRAMES)
    assert frames < 100 * seconds + MARGIN + 501
