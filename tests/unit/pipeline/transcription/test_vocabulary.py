"""What Whisper is told was said before, in its own tokens."""

import pytest

from pipeline.options import Options
from pipeline.settings import read_settings
from pipeline.transcription.vocabulary import Vocabulary
from pipeline.weights import whisper_folder


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary(whisper_folder("base", read_settings()), multilingual=True)


def text_of(vocabulary: Vocabulary, tokens: list[int]) -> str:
    return vocabulary.tokenizer("en", "transcribe").decode(tokens)


def test_hotwords_come_before_the_prompt(vocabulary):
    asked = Options(hotwords="Speakr, Triton", initial_prompt=" A meeting. ")
    start, *tokens = vocabulary.previous_text(asked)
    assert start == vocabulary.tokenizer("en", "transcribe").sot_prev
    assert text_of(vocabulary, tokens) == " Speakr, Triton  A meeting."


def test_of_a_long_prompt_the_end_is_told_as_far_as_whisper_looks_back(vocabulary):
    words = " ".join(f"word {number}" for number in range(300))
    start, *tokens = vocabulary.previous_text(Options(initial_prompt=words))
    assert start == vocabulary.tokenizer("en", "transcribe").sot_prev
    assert len(tokens) == 223  # OpenAI's: half the context of 448 and one less
    assert text_of(vocabulary, tokens).endswith("word 298 word 299")


@pytest.mark.parametrize("options", [Options(), Options(initial_prompt=" ", hotwords="")])
def test_where_nothing_was_said_before_nothing_is_told(vocabulary, options):
    assert vocabulary.previous_text(options) == []


def test_a_translation_has_the_words_of_english(vocabulary):
    assert vocabulary.tokenizer("ja", "transcribe").language_code == "ja"
    assert vocabulary.tokenizer("ja", "translate").language_code == "en"
