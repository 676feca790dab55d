"""Tokens become words, each with a time, a score and the tokens that it is made of."""

from dataclasses import dataclass

import numpy as np
import pytest

from pipeline.transcription.word_timing import words_of

EOT = 99


@dataclass
class Pieces:
    """Stands for Whisper's tokenizer: token n is the n-th piece of a text."""

    texts: list[str]
    language_code: str = "en"
    eot: int = EOT

    def split_to_word_tokens(self, tokens: list[int]) -> tuple[list[str], list[list[int]]]:
        texts = [self.texts[token] for token in tokens[:-1]]
        return [*texts, ""], [[token] for token in tokens]


@dataclass
class Path:
    """Stands for CTranslate2's alignment: a token every 10 positions, 0.2 s."""

    alignments: list[tuple[int, int]]
    text_token_probs: list[float]


def words(texts: list[str], language: str = "en", probability: float = 0.5):
    count = len(texts)
    path = Path(
        [(min(step // 10, count), step) for step in range(10 * count + 1)],
        [probability / (n + 1) for n in range(count)],
    )
    return words_of(list(range(count)), path, Pieces(texts, language))


def test_marks_belong_to_the_word_before_them_and_not_to_its_end_or_score():
    hello, there = words([" Hello", ",", " there", "!"])
    assert (hello.word, hello.tokens) == ("Hello,", [0, 1])
    assert (hello.start, hello.end) == (0.0, pytest.approx(0.2))
    assert hello.score == 0.5
    assert hello.logprobs == pytest.approx(np.log([0.5, 0.25]), abs=1e-4)
    assert (there.word, there.start) == ("there!", pytest.approx(0.4))


def test_an_opening_mark_belongs_to_the_word_after_it():
    said = words(["彼", "は", "「", "はい", "」", "と"], "ja")
    assert [word.word for word in said] == ["彼", "は", "「はい」", "と"]
    assert (said[2].start, said[2].end) == (pytest.approx(0.4), pytest.approx(0.8))
    assert said[2].score == pytest.approx(0.5 / 4)


def test_a_space_alone_is_no_word():
    assert [(w.word, w.tokens) for w in words([" ", " Oh", " ", " no", " "])] == [
        ("Oh", [0, 1, 2]),
        ("no", [3, 4]),
    ]


def test_what_is_next_to_impossible_has_a_logarithm():
    (word,) = words([" Oh"], probability=0.0)
    assert word.logprobs == [pytest.approx(np.log(1e-10), abs=1e-4)]
    assert word.score == 0.0
