"""The table of languages against the libraries that have one of their own."""

from faster_whisper.tokenizer import _LANGUAGE_CODES
from whisperx.utils import LANGUAGES as WHISPERX_LANGUAGES

from pipeline.languages import LANGUAGES


def test_the_languages_are_whispers():
    assert set(LANGUAGES) == set(_LANGUAGE_CODES)
    assert LANGUAGES == WHISPERX_LANGUAGES
