"""A transcript as people read it."""

import pytest

from client.text import clock, speaker_lines
from documents import Segment, Transcript


def transcript(*segments: tuple[float, str, str | None]) -> Transcript:
    return Transcript(
        model="base",
        language="en",
        language_probability=1.0,
        duration=100.0,
        segments=[
            Segment(start=start, end=start + 1, text=text, speaker=speaker)
            for start, text, speaker in segments
        ],
    )


def test_what_one_speaker_says_in_a_row_is_one_line():
    lines = speaker_lines(
        transcript(
            (6.68, " Hello?", "SPEAKER_00"),
            (7.5, "Hi.", "SPEAKER_01"),
            (8.5, "How are you?", "SPEAKER_01"),
            (9.5, "Fine.", "SPEAKER_00"),
        )
    )
    assert lines == [
        "[00:06.7] SPEAKER_00: Hello?",
        "[00:07.5] SPEAKER_01: Hi. How are you?",
        "[00:09.5] SPEAKER_00: Fine.",
    ]


def test_without_speakers_every_segment_is_a_line():
    assert speaker_lines(transcript((0, "One.", None), (2, "Two.", None))) == [
        "[00:00.0] One.",
        "[00:02.0] Two.",
    ]


def test_nobody_speaks():
    assert speaker_lines(transcript()) == []


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "00:00.0"), (59.96, "01:00.0"), (3599.99, "1:00:00.0"), (7325.25, "2:02:05.2")],
)
def test_clock(seconds, text):
    assert clock(seconds) == text
