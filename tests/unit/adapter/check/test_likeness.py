"""Answers that are alike pass, and those that are not do not."""

import json

import numpy as np

from adapter.check.likeness import same_frames, same_labels, same_voices, same_words

TEXT = "Oh, hello. I didn't know you were there. Neither did I, and then."


def words(text: str, late: float = 0.0) -> list[dict]:
    return [
        {"word": word, "start": 0.3 * place + late, "end": 0.3 * place + late + 0.2}
        for place, word in enumerate(text.split())
    ]


def chunk(text: str, late: float = 0.0, timed: bool = True) -> np.ndarray:
    told = {"text": text, "words": words(text, late) if timed else []}
    return np.frombuffer(json.dumps(told).encode(), np.uint8)


def judged(first: str = TEXT, silence: str = "", late: float = 0.0) -> bool:
    """Whether the answers to two chunks, silence, and the first one without times are alike."""
    expected = {"answer": [{"text": each, "words": words(each)} for each in (TEXT, TEXT, "")]}
    answers = [chunk(first, late), chunk(TEXT), chunk(silence), chunk(first, timed=False)]
    return same_words(answers * 2, expected)[0]


def test_the_same_words_at_the_same_times_are_alike():
    assert judged()
    assert judged(TEXT.lower().replace(",", ""))  # as another type of numbers may write it


def test_other_words_other_times_and_words_in_silence_are_not():
    assert not judged("!!!!!!!!!!!!")
    assert not judged("")
    assert not judged("Oh, hello. I did not understand what they were doing over there, then.")
    assert not judged(silence="Thank you.")


def test_words_that_come_late_are_not_alike():
    late = {"answer": [{"text": TEXT, "words": words(TEXT, 0.3)}, {"text": "", "words": []}]}
    answers = [chunk(TEXT), chunk(""), chunk(TEXT, timed=False)]
    alike, told, figures = same_words(answers, late)
    assert not alike
    assert "300 ms apart" in told
    assert figures["shift_seconds"] == 0.3


def test_frames_of_each_window_are_compared_with_its_own():
    rng = np.random.default_rng(0)
    expected = rng.integers(0, 2, (3, 589, 3), np.uint8)
    on_cpu = {"answer": expected.tolist()}
    assert same_frames([*expected, *expected], on_cpu)[0]
    noisy = expected.copy()
    noisy[1, :60] ^= 1  # a tenth of one window
    alike, told, _ = same_frames([*noisy], on_cpu)
    assert not alike
    assert told == "89.8% of the frames"


def test_voices_are_compared_by_their_direction():
    expected = np.random.default_rng(0).normal(size=(2, 192))
    on_cpu = {"answer": expected.tolist()}
    assert same_voices([3 * expected], on_cpu)[0]
    assert not same_voices([expected[::-1]], on_cpu)[0]


def test_labels_of_another_length_are_not_alike():
    expected = np.random.default_rng(0).integers(0, 30, 400)
    emission = np.eye(30)[expected]
    on_cpu = {"answer": expected.tolist()}
    assert same_labels([emission], on_cpu)[0]
    assert not same_labels([emission[:-1]], on_cpu)[0]
    assert not same_labels([np.roll(emission, 1, axis=0)], on_cpu)[0]
