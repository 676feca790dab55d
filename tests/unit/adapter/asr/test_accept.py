"""What an Accept header asks for."""

import pytest

from adapter.asr.accept import preferred_output


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",  # Speakr, curl
        "application/json",
        "APPLICATION/JSON; charset=utf-8",
        "application/json, text/plain, */*",  # axios
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",  # browsers
        "text/plain;q=0.5, application/json",
        "text/plain;q=0",
        "text/plain; q=0.000, */*",
        "image/png",
        "nonsense",
        ",;q=;,",
    ],
)
def test_json_is_what_everybody_gets_who_does_not_ask_for_text_first(accept):
    assert preferred_output(accept) is None


@pytest.mark.parametrize(
    ("accept", "output"),
    [
        ("text/plain", "text"),
        ("Text/Plain; charset=utf-8", "text"),
        ("text/*", "text"),
        ("text/plain, */*", "text"),
        ("*/*;q=0.1, text/vtt", "vtt"),
        ("application/json;q=0.9, text/vtt;q=0.95", "vtt"),
        ("application/x-subrip", "srt"),
        ("text/srt", "srt"),
        ("text/tab-separated-values", "tsv"),
        ("image/png, text/vtt;q=0.1", "vtt"),
    ],
)
def test_the_text_that_is_asked_for_first(accept, output):
    assert preferred_output(accept) == output
