"""What Whisper is told was said before, in its own tokens."""

import pytest

from pipeline.options import TEXT_BYTES, Options
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
    assert text_of(vocabulary, tokens) == " Speakr, Triton A meeting."


def test_of_a_long_prompt_the_end_is_told_as_far_as_whisper_looks_back(vocabulary):
    words = " ".join(f"word {number}" for number in range(300))
    start, *tokens = vocabulary.previous_text(Options(initial_prompt=words))
    assert start == vocabulary.tokenizer("en", "transcribe").sot_prev
    assert len(tokens) == 223  # OpenAI's: half the context of 448 and one less
    assert text_of(vocabulary, tokens).endswith("word 298 word 299")


def test_of_many_hotwords_the_first_are_told_as_far_as_the_prompt_leaves_room(vocabulary):
    words = ", ".join(f"word {number}" for number in range(100, 400))
    for prompt in (None, "A meeting."):
        _, *tokens = vocabulary.previous_text(Options(hotwords=words, initial_prompt=prompt))
        assert len(tokens) == 223
        told = text_of(vocabulary, tokens)
        assert told.startswith(" word 100, word 101, ")
        assert told.endswith(f" {prompt}" if prompt else "")
    long = Options(hotwords=words, initial_prompt="and so on " * 100)
    assert "word" not in text_of(vocabulary, vocabulary.previous_text(long)[1:])


@pytest.mark.parametrize(
    "text",
    [
        "Triton, Speakr, Kubernetes, PyAnnote, epinephrine, tachycardia, intubation",
        "Wir sprechen heute über die Kostenschätzung der Krankenhausinformationssysteme",
        "Сегодня утром мы встретили нашего старого друга и вместе пошли домой пить чай",
        "私たちは今日、新しい製品について話します",
    ],
)
def test_no_more_is_kept_of_a_text_than_the_network_can_hear(vocabulary, text):
    """What Options cuts off is what would not be told anyway."""
    kept = Options(hotwords=" ".join([text] * 100)).hotwords
    assert len(kept.encode()) > TEXT_BYTES - 4
    _, *tokens = vocabulary.previous_text(Options(hotwords=kept))
    assert len(tokens) == 223
    assert len(text_of(vocabulary, tokens).encode()) < TEXT_BYTES


def test_a_token_s_name_is_text(vocabulary):
    """Another «start of transcript» in the prompt of one chunk would fail its whole batch."""
    for name in ("<|startoftranscript|>", "<|endoftext|>", "<|en|>"):
        _, *tokens = vocabulary.previous_text(Options(hotwords=name, initial_prompt=f"{name} a"))
        assert max(tokens) < vocabulary.tokenizer("en", "transcribe").eot
        assert text_of(vocabulary, tokens) == f" {name} {name} a"


def test_a_text_is_cut_into_tokens_once_for_all_chunks():
    vocabulary = Vocabulary(whisper_folder("base", read_settings()), multilingual=True)
    for temperature in (0.0, 0.2, 0.4):
        asked = Options(hotwords="Speakr", initial_prompt="A meeting.", temperature=temperature)
        vocabulary.previous_text(asked)
    assert vocabulary._tokens.cache_info().misses == 2


@pytest.mark.parametrize("options", [Options(), Options(initial_prompt=" ", hotwords="")])
def test_where_nothing_was_said_before_nothing_is_told(vocabulary, options):
    assert vocabulary.previous_text(options) == []


def test_a_translation_has_the_words_of_english(vocabulary):
    assert vocabulary.tokenizer("ja", "transcribe").language_code == "ja"
    assert vocabulary.tokenizer("ja", "translate").language_code == "en"
