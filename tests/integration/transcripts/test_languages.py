"""Recordings in several languages at once, and words that are written as no dictionary has them."""

import itertools
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.clients.asking import RECORDINGS, transcript_of
from tests.speech.scoring import read_stm, word_error_rate


@pytest.fixture(scope="module")
def answers(service, sample) -> dict[str, dict]:
    """Three recordings in flight together, so that batches mix their languages."""
    russian = RECORDINGS / "russian.flac"
    asked = {
        "russian": (russian, {}),
        "english": (sample, {}),
        "russian as english": (russian, {"language": "en"}),
    }
    with ThreadPoolExecutor(len(asked)) as pool:
        futures = {
            name: pool.submit(transcript_of, service, path, diarize="false", **query)
            for name, (path, query) in asked.items()
        }
    return {name: future.result() for name, future in futures.items()}


def text(transcript: dict) -> str:
    return " ".join(segment["text"] for segment in transcript["segments"])


@pytest.mark.words
def test_each_recording_is_heard_in_its_own_language(answers, sample):
    russian, english = answers["russian"], answers["english"]
    assert (russian["language"], english["language"]) == ("ru", "en")
    assert 0.9 < russian["language_probability"] < 1.0
    assert 0.9 < english["language_probability"] < 1.0
    assert russian["language_probability"] != english["language_probability"]
    assert word_error_rate((RECORDINGS / "russian.txt").read_text(), text(russian)) <= 0.15
    words = russian["word_segments"]
    assert [word["word"] for word in words] == text(russian).split()
    assert all(0 <= word["start"] < word["end"] <= 19 for word in words)
    assert [word["start"] for word in words] == sorted(word["start"] for word in words)
    assert "speaker" not in words[0]
    said = " ".join(utterance.text for utterance in read_stm(sample.with_suffix(".stm")))
    assert word_error_rate(said, text(english)) <= 0.19


def test_a_language_that_was_asked_for_is_the_one(answers):
    forced = answers["russian as english"]
    assert (forced["language"], forced["language_probability"]) == ("en", 1.0)
    assert text(forced) != text(answers["russian"])
    assert sum(letter.isascii() for letter in text(forced)) > 0.8 * len(text(forced))


@pytest.mark.parametrize("alignment", [pytest.param("attention", marks=pytest.mark.words), "ctc"])
def test_numbers_currency_and_dates_have_times(service, alignment):
    transcript = transcript_of(
        service,
        RECORDINGS / "numbers.opus",
        alignment=alignment,
        language="en",
        diarize="false",
    )
    words = transcript["word_segments"]
    assert [word["word"] for word in words] == text(transcript).split()
    figures = [re.sub(r"\D", "", word["word"]) for word in words]
    assert len({"2019", "2500", "12", "45"}.intersection(figures)) >= 3
    assert any("$" in word["word"] for word in words)
    for word, following in itertools.pairwise(words):
        assert 0.0 <= word["start"] < word["end"] <= 10.9
        assert word["start"] <= following["start"]
        assert 0.0 <= word["score"] <= 1.0
