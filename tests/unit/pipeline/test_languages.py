"""The table of languages against libraries that have one of their own, and what finds them."""

import pytest
from faster_whisper.tokenizer import _LANGUAGE_CODES
from whisperx.utils import LANGUAGES as WHISPERX_LANGUAGES

from pipeline.errors import InvalidRequest
from pipeline.languages import LANGUAGES, language_code


def test_the_languages_are_whispers():
    assert set(LANGUAGES) == set(_LANGUAGE_CODES)
    assert LANGUAGES == WHISPERX_LANGUAGES


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("en", "en"),
        (" English ", "en"),
        ("pt-BR", "pt"),
        ("zh_Hant_TW", "zh"),
        ("Mandarin", "zh"),
        ("jv", "jw"),
        ("haitian creole", "ht"),
        ("English-US", "en"),
    ],
)
def test_a_language_is_found_by_its_code_or_name(text, code):
    assert language_code(text) == code


@pytest.mark.parametrize("text", ["klingon", "", "-", "e"])
def test_a_language_that_whisper_does_not_know_is_named(text):
    with pytest.raises(InvalidRequest, match=f"unknown language '{text}'; there are af, am"):
        language_code(text)
