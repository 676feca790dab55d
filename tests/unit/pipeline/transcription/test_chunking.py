"""Chunks hold all the speech, none twice, and are cut where nobody speaks."""

import itertools

import numpy as np
import pytest

from pipeline.audio import SAMPLE_RATE, Span
from pipeline.transcription.chunking import CHUNK_SAMPLES, LONGEST_SPEECH, chunks
from pipeline.transcription.voice_activity import VoiceActivityDetector


def spans(*times: tuple[float, float]) -> list[Span]:
    return [Span(round(s * SAMPLE_RATE), round(e * SAMPLE_RATE)) for s, e in times]


def cut(times: list[tuple[float, float]], duration: float) -> list[tuple[float, float]]:
    return [
        (chunk.start / SAMPLE_RATE, chunk.end / SAMPLE_RATE)
        for chunk in chunks(spans(*times), round(duration * SAMPLE_RATE))
    ]


def test_close_spans_share_a_chunk_with_a_margin():
    assert cut([(1.0, 4.0), (4.5, 9.0)], 10.0) == [(0.8, 9.2)]


def test_a_long_silence_ends_a_chunk():
    assert cut([(1.0, 4.0), (8.0, 9.0)], 10.0) == [(0.8, 4.2), (7.8, 9.2)]


def test_a_full_chunk_ends_at_its_longest_late_pause():
    times = [(0.0, 10.0), (12.0, 20.0), (21.0, 26.0), (26.2, 34.0)]
    assert cut(times, 34.0) == [(0.0, 20.2), (20.8, 34.0)]


def test_margins_of_neighbours_do_not_overlap():
    first, second = cut([(0.0, 19.9), (20.0, 40.0)], 40.0)
    assert first[1] == second[0] == pytest.approx(19.95)


def test_the_margin_stays_inside_the_recording():
    assert cut([(0.1, 1.95)], 2.0) == [(0.0, pytest.approx(1.975))]


def test_speech_without_end_is_cut_into_chunks_that_miss_nothing(sample_audio):
    talk = sample_audio[int(8.4 * SAMPLE_RATE) : int(17.8 * SAMPLE_RATE)]
    without_pause = np.tile(talk, 12)
    cuts = list(
        chunks(VoiceActivityDetector().spans(without_pause, LONGEST_SPEECH), len(without_pause))
    )
    assert all(len(chunk) <= CHUNK_SAMPLES for chunk in cuts)
    assert all(before.end <= after.start for before, after in itertools.pairwise(cuts))
    assert sum(map(len, cuts)) > 0.95 * len(without_pause)


def test_random_speech_is_covered_exactly():
    random = np.random.default_rng(5)
    for _ in range(50):
        gaps = random.exponential(0.6, 200) + 0.05
        lengths = random.uniform(0.1, 29.5, 200) ** random.uniform(0.2, 1.0)
        starts = np.cumsum(gaps + np.roll(lengths, 1)) - lengths[-1]
        speech = spans(*zip(starts, starts + lengths, strict=True))
        cuts = list(chunks(iter(speech), speech[-1].end + SAMPLE_RATE))
        assert all(0 < len(chunk) <= CHUNK_SAMPLES for chunk in cuts)
        assert all(a.end <= b.start for a, b in itertools.pairwise(cuts))
        for span in speech:
            assert any(c.start <= span.start and span.end <= c.end for c in cuts)
