"""What is measured of who says what is what a reader would count."""

import numpy as np
import pytest

from benchmarks.speakers.rooms import PLACES, impulse_response, recorded, reverberated
from benchmarks.speakers.scoring import score_turns, score_words
from documents import Turn, Word

TURNS = [Turn(start=0, end=4, speaker="ann"), Turn(start=4, end=8, speaker="bob")]


def said(text: str, speaker: str | None, start: float, step: float = 0.5) -> list[Word]:
    return [
        Word(
            word=word, start=start + n * step, end=start + (n + 1) * step, score=1, speaker=speaker
        )
        for n, word in enumerate(text.split())
    ]


TRUTH = said("Well, how are you today?", "ann", 1) + said("I am fine, thanks.", "bob", 4.5)


def test_words_are_right_whatever_speakers_are_called() -> None:
    heard = said("well how are you", "B", 1.1) + said("today i am fine thanks", "A", 3.6)
    score = score_words(TRUTH, heard)
    assert (score.matched, score.right) == (9, 8)


def test_labels_stand_for_one_person_each() -> None:
    everything = [word.model_copy(update={"speaker": "A"}) for word in TRUTH]
    assert score_words(TRUTH, everything).right == 5
    split = [
        word.model_copy(update={"speaker": f"{word.speaker}{n % 2}"})
        for n, word in enumerate(TRUTH)
    ]
    assert score_words(TRUTH, split).right == 3 + 2


def test_a_word_that_is_heard_elsewhere_is_another_word() -> None:
    assert score_words(TRUTH, said("thanks", "B", 50)).matched == 0


def test_nothing_heard_is_nothing_right() -> None:
    score = score_words(TRUTH, [])
    assert (score.matched, score.right) == (0, 0)


def test_turns_have_a_collar() -> None:
    late = [Turn(start=0.2, end=4.2, speaker="x"), Turn(start=4.2, end=8, speaker="y")]
    score = score_turns(TURNS, late)
    assert (score.der, score.jer, score.said, score.found) == (0, 0, 2, 2)
    one = score_turns(TURNS, [Turn(start=0, end=8, speaker="x")])
    assert one.der == pytest.approx(0.5, abs=0.01)
    assert one.found == 1


def test_rooms_keep_the_level_and_a_telephone_keeps_the_band() -> None:
    chance = np.random.default_rng(0)
    speech = 2000 * chance.standard_normal(32_000)
    response = impulse_response(PLACES["room"], 2.0, chance)
    assert len(response) == 8_000
    assert response[0] == 1
    heard = reverberated(speech, response)
    assert heard.std() == pytest.approx(speech.std(), rel=0.01)
    line = recorded(speech, PLACES["telephone"], np.zeros(0, np.int16), chance).astype(float)
    power = np.abs(np.fft.rfft(line)) ** 2
    assert power[: 2 * 200].sum() + power[2 * 4_000 :].sum() < 0.02 * power.sum()
