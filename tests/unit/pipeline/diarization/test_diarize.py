"""Real speech, real networks: who spoke when."""

import dataclasses
from collections import Counter
from concurrent.futures import Future
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from pyannote.audio.pipelines import SpeakerDiarization

from documents import Turns
from pipeline.audio import SAMPLE_RATE
from pipeline.diarization.diarize import AHEAD, diarize, listen
from pipeline.diarization.local import LocalDiarizer
from pipeline.diarization.networks.ecapa_torch import TorchEcapa
from pipeline.diarization.recipe import read_recipe
from pipeline.diarization.recipe import ungated as ungated_recipe
from pipeline.errors import Overloaded
from pipeline.options import Options
from pipeline.settings import read_settings
from tests.futures import done, failed
from tests.speech.scoring import STOCK_DER, diarization_error_rate, read_rttm
from tests.unit.pipeline.diarization import stock

DIMENSION = 192


@pytest.fixture(scope="module")
def turns(ungated: LocalDiarizer, audio: np.ndarray) -> Turns:
    """The sample's turns, found without a hint."""
    return ungated(audio, Options(return_speaker_embeddings=True))


@pytest.fixture(scope="module")
def replay(ungated: LocalDiarizer, audio: np.ndarray):
    """Diarize the sample again with other options, without computing its embeddings again."""
    stretches = []
    windows = {}

    def segment(window: np.ndarray):
        key = window.tobytes()
        if key not in windows:
            windows[key] = ungated.segmentation(window[None])[0]
        return done(windows[key])

    def embed(piece: np.ndarray, masks: np.ndarray):
        if not stretches:
            stretches.append(ungated.embedding(piece, masks))
        return done(stretches[0])

    return lambda options: diarize(audio, options, segment, embed, ungated.recipe)


def test_the_sample_has_two_speakers_in_their_places(turns: Turns, sample: Path) -> None:
    assert len({turn.speaker for turn in turns.turns}) == 2
    spoken = [turn.model_dump() for turn in turns.turns]
    error = diarization_error_rate(read_rttm(sample.with_suffix(".rttm")), spoken)
    assert error <= STOCK_DER + 0.005


def test_who_says_a_word_is_told_by_the_voice(turns: Turns) -> None:
    """«Hello.» «Hello.» «Oh, hello, I didn't know»: the windows take the first for the second."""

    def speaker(time: float) -> str:
        (name,) = {each.speaker for each in turns.turns if each.start <= time < each.end}
        return name

    first, second, then = speaker(6.9), speaker(7.8), speaker(9.2)
    assert first == then == "SPEAKER_00"
    assert second == "SPEAKER_01"


def test_half_of_the_windows_tell_them_apart_too(
    ungated: LocalDiarizer, audio: np.ndarray, sample: Path
) -> None:
    windows = []

    def segment(window: np.ndarray):
        windows.append(window)
        return ungated.segment(window)

    recipe = ungated_recipe(step=2 * SAMPLE_RATE)
    found = diarize(audio, Options(), segment, ungated.embed, recipe)
    assert len(windows) == 11  # of 30 s
    assert len({turn.speaker for turn in found.turns}) == 2
    spoken = [turn.model_dump() for turn in found.turns]
    error = diarization_error_rate(read_rttm(sample.with_suffix(".rttm")), spoken)
    assert error <= 2 * STOCK_DER


def test_turns_are_in_order_and_within_the_recording(turns: Turns) -> None:
    starts = [turn.start for turn in turns.turns]
    assert starts == sorted(starts)
    assert all(0 <= turn.start < turn.end <= 30 for turn in turns.turns)
    audible = [turn for turn in turns.turns if turn.end - turn.start >= 0.1]
    assert audible[0].speaker == "SPEAKER_00"
    assert {turn.speaker for turn in turns.turns} == {"SPEAKER_00", "SPEAKER_01"}


def test_each_speaker_has_a_voice(turns: Turns) -> None:
    assert set(turns.speaker_embeddings) == {"SPEAKER_00", "SPEAKER_01"}
    vectors = np.array(list(turns.speaker_embeddings.values()))
    assert vectors.shape == (2, DIMENSION)
    assert np.isfinite(vectors).all()
    assert vectors.any(axis=1).all()
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert unit[0] @ unit[1] < 0.6


def test_voices_are_given_only_on_request(replay) -> None:
    assert replay(Options()).speaker_embeddings == {}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (Options(num_speakers=1), 1),
        (Options(num_speakers=2), 2),
        (Options(num_speakers=3), 3),
        (Options(num_speakers=4), 4),
        (Options(min_speakers=3), 3),
        (Options(max_speakers=1), 1),
        (Options(min_speakers=1, max_speakers=5), 2),
    ],
)
def test_the_number_of_speakers_is_honoured(replay, options: Options, expected: int) -> None:
    assert len({turn.speaker for turn in replay(options).turns}) == expected


@pytest.mark.parametrize("number", [2, 3, 4])
def test_a_number_takes_little_away_from_those_who_are_heard(replay, number: int) -> None:
    free, given = (replay(options).turns for options in (Options(), Options(num_speakers=number)))
    if number == 2:
        assert given == free
    spoken = sum(turn.end - turn.start for turn in free)
    kept: Counter = Counter()
    for one in free:
        for other in given:
            shared = min(one.end, other.end) - max(one.start, other.start)
            kept[one.speaker, other.speaker] += max(shared, 0)
    assert sum(sorted(kept.values())[-2:]) > 0.95 * spoken


@pytest.mark.parametrize(
    ("options", "expected"),
    [(Options(), 3), (Options(num_speakers=2), 2), (Options(max_speakers=4), 2)],
)
def test_what_is_expected_holds_where_a_request_says_nothing(
    replay, options: Options, expected: int
) -> None:
    turns = replay(options.expecting(3, 5)).turns
    assert len({turn.speaker for turn in turns}) == expected


def test_a_threshold_that_was_set_replaces_the_recipes(
    ungated: LocalDiarizer, audio: np.ndarray
) -> None:
    strict = read_recipe(
        read_settings(diarization="ungated", device="cpu", diarize_clustering_threshold=0.05)
    )
    piece = audio[7 * SAMPLE_RATE : 19 * SAMPLE_RATE]
    speakers = [
        {turn.speaker for turn in dataclasses.replace(ungated, recipe=recipe)(piece).turns}
        for recipe in (ungated.recipe, strict)
    ]
    assert len(speakers[0]) == 2 < len(speakers[1])


def test_one_speaker_never_speaks_over_himself(replay) -> None:
    turns = replay(Options(num_speakers=1)).turns
    assert all(one.end <= other.start for one, other in pairwise(turns))


@pytest.mark.parametrize("seconds", [0, 0.01, 0.5, 3, 10, 10.5])
def test_short_recordings(ungated: LocalDiarizer, audio: np.ndarray, seconds: float) -> None:
    piece = audio[22 * SAMPLE_RATE :][: int(seconds * SAMPLE_RATE)]
    turns = ungated(piece, Options(return_speaker_embeddings=True))
    assert all(0 <= turn.start < turn.end <= seconds for turn in turns.turns)
    assert bool(turns.turns) == (seconds >= 0.5)
    assert all(np.isfinite(vector).all() for vector in turns.speaker_embeddings.values())


def test_silence_has_no_turns(ungated: LocalDiarizer) -> None:
    silence = np.zeros(12 * SAMPLE_RATE, np.int16)
    assert ungated(silence, Options(return_speaker_embeddings=True)) == Turns()


def test_a_leaf_that_fails_is_an_error(ungated: LocalDiarizer, audio: np.ndarray) -> None:
    def refuse(*_: np.ndarray):
        return failed(Overloaded("too many chunks are waiting"))

    piece = audio[22 * SAMPLE_RATE : 26 * SAMPLE_RATE]
    with pytest.raises(Overloaded):
        diarize(piece, Options(), refuse, ungated.embed, ungated.recipe)
    with pytest.raises(Overloaded):
        diarize(piece, Options(), ungated.segment, refuse, ungated.recipe)


def test_exact_equals_pyannote(
    ungated: LocalDiarizer,
    torch_ecapa: TorchEcapa,
    audio: np.ndarray,
    stock_pipeline: SpeakerDiarization,
) -> None:
    piece = audio[7 * SAMPLE_RATE : 19 * SAMPLE_RATE]
    options = Options(num_speakers=2, return_speaker_embeddings=True)
    stock_pipeline.get_segmentations = lambda *_, **__: stock.windows(
        np.stack([ungated.segmentation(window[None])[0] for window in stock.cut_windows(piece)])
    )
    with stock.ties_in_order():
        theirs = stock_pipeline(stock.recording(piece), num_speakers=2)
    ours = dataclasses.replace(ungated, embedding=torch_ecapa)  # theirs has no eight bits
    stock.assert_same(ours(piece, options, exact=True), theirs)


def test_one_recording_keeps_as_many_stretches_under_way_as_it_may(ungated: LocalDiarizer) -> None:
    """A machine with several cards answers none of the first ones before it has the others."""
    cards = AHEAD + 4
    waiting: list[tuple[Future, int]] = []

    def embed(piece: np.ndarray, masks: np.ndarray) -> Future:
        waiting.append((Future(), len(masks)))
        if len(waiting) == cards:
            for future, count in waiting:
                future.set_result(np.ones((count, 4), np.float32))
            waiting.clear()
        return waiting[-1][0] if waiting else done(np.ones((len(masks), 4), np.float32))

    someone = np.zeros((589, 3), np.uint8)
    someone[:300, 0] = 1
    audio = np.zeros((9 + cards * ungated.recipe.shared_windows) * SAMPLE_RATE, np.int16)
    activity, embeddings, _ = listen(
        audio, lambda window: done(someone), embed, ungated.recipe, ahead=cards
    )
    assert not waiting
    assert len(activity) == cards * ungated.recipe.shared_windows
    assert np.isfinite(embeddings[:, 0]).all()
