"""Segments end with their sentence, not at abbreviations or inside numbers."""

from pipeline.documents import Segment, Word
from pipeline.sentences import split_sentences


def segment(text: str, pause_after: str | None = None) -> Segment:
    words, time = [], 0.0
    for number, word in enumerate(text.split()):
        words.append(Word(word=word, start=time, end=time + 0.4, score=1.0, tokens=[number]))
        time += 3.0 if word == pause_after else 0.5
    return Segment(start=0.0, end=time, text=text, words=words)


def texts(text: str, **options: str) -> list[str]:
    return [part.text for part in split_sentences(segment(text, **options), "en")]


def test_sentences_end_at_their_marks():
    assert texts("Hello? Oh, hello. I heard a beep!") == ["Hello?", "Oh, hello.", "I heard a beep!"]


def test_abbreviations_initials_and_numbers_do_not_end_one():
    text = "Dr. J. Smith paid 3.50 to Mrs. Jones."
    assert texts(text) == [text]


def test_closing_quotes_belong_to_their_sentence():
    assert texts('He said "No." Then he left.') == ['He said "No."', "Then he left."]


def test_a_long_pause_ends_a_segment():
    assert texts("well I think so", pause_after="well") == ["well", "I think so"]


def test_parts_carry_their_own_times_and_tokens():
    first, second = split_sentences(segment("Oh, hello. I know."), "en")
    assert (first.start, first.end, first.tokens) == (0.0, 0.9, [0, 1])
    assert (second.start, second.end, second.tokens) == (1.0, 1.9, [2, 3])


def test_without_words_a_segment_stays_whole():
    whole = Segment(start=0.0, end=9.0, text="Oh. Hello. No words.")
    assert split_sentences(whole, "en") == [whole]


def test_unspaced_languages_are_joined_without_spaces():
    words = [Word(word=c, start=i, end=i + 1, score=1.0) for i, c in enumerate("你好。再见。")]
    words = [words[0], words[1].model_copy(update={"word": "好。"}), words[3], words[4]]
    parts = split_sentences(Segment(start=0, end=6, text="你好。再见。", words=words), "zh")
    assert [part.text for part in parts] == ["你好。", "再见"]
