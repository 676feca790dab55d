"""Segments end with their sentence, not at abbreviations or inside numbers."""

import math

import pytest

from documents import Segment, Word
from pipeline.alignment.sentences import split_sentences
from pipeline.transcription.decoding import compression_ratio


def segment(text: str, pause_after: str | None = None) -> Segment:
    words, time = [], 0.0
    for number, word in enumerate(text.split()):
        logprob = math.log(1 / (number + 1))
        words.append(
            Word(
                word=word,
                start=time,
                end=time + 0.4,
                score=1 / (number + 1),
                tokens=[number],
                logprobs=[logprob],
            )
        )
        time += 3.0 if word == pause_after else 0.5
    return Segment(
        start=0.0,
        end=time,
        text=text,
        words=words,
        tokens=[token for word in words for token in word.tokens],
        temperature=0.4,
        avg_logprob=-0.9,
        compression_ratio=compression_ratio(text),
        no_speech_prob=0.1,
    )


def texts(text: str, **options: str) -> list[str]:
    return [part.text for part in split_sentences(segment(text, **options))]


def test_sentences_end_at_their_marks():
    assert texts("Hello? Oh, hello. I heard a beep!") == ["Hello?", "Oh, hello.", "I heard a beep!"]


def test_abbreviations_initials_and_numbers_do_not_end_one():
    text = "Dr. J. Smith paid 3.50 to Mrs. Jones."
    assert texts(text) == [text]


def test_closing_quotes_belong_to_their_sentence():
    assert texts('He said "No." Then he left.') == ['He said "No."', "Then he left."]


def test_a_long_pause_ends_a_segment():
    assert texts("well I think so", pause_after="well") == ["well", "I think so"]


def test_parts_carry_their_own_times_tokens_and_figures():
    first, second = split_sentences(segment("Oh, hello. I know."))
    assert (first.start, first.end, first.tokens) == (0.0, 0.9, [0, 1])
    assert (second.start, second.end, second.tokens) == (1.0, 1.9, [2, 3])
    assert first.avg_logprob == pytest.approx(math.log(1 / 2) / 2)
    assert second.avg_logprob == pytest.approx((math.log(1 / 3) + math.log(1 / 4)) / 2)
    assert first.compression_ratio == compression_ratio("Oh, hello.")
    assert second.compression_ratio == compression_ratio("I know.")
    assert [part.temperature for part in (first, second)] == [0.4, 0.4]
    assert [part.no_speech_prob for part in (first, second)] == [0.1, 0.1]


def test_without_words_a_segment_stays_whole():
    whole = Segment(start=0.0, end=9.0, text="Oh. Hello. No words.")
    assert split_sentences(whole) == [whole]


def test_a_text_that_says_something_else_does_not_lose_the_words():
    broken = segment("Oh, hello. I know.").model_copy(update={"text": "Oh, h\ufffdllo. I know."})
    assert [part.text for part in split_sentences(broken)] == ["Oh, hello.", "I know."]


def test_spaces_are_those_of_the_text():
    """Chinese has none between its words, and has them around those of another script."""
    words = [Word(word=c, start=i, end=i + 1, score=1.0) for i, c in enumerate("你好。再见。")]
    words = [words[0], words[1].model_copy(update={"word": "好。"}), words[3], words[4]]
    parts = split_sentences(Segment(start=0, end=6, text="你好。再 见", words=words))
    assert [part.text for part in parts] == ["你好。", "再 见"]
