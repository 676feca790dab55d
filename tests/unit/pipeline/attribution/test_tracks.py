"""People on tracks of their own: who hears whom, and what becomes one transcript."""

import numpy as np
import pytest

from documents import Segment, Transcript, Word
from pipeline.attribution.tracks import FRAME, Voice, is_same_signal, levels, together
from pipeline.audio import SAMPLE_RATE

FRAMES_A_SECOND = SAMPLE_RATE // FRAME
SECONDS = 12


def spoken(*words: tuple[str, float, float], language: str = "en") -> Transcript:
    """A sentence whose words have their times."""
    parts = [Word(word=text, start=start, end=end, score=0.9) for text, start, end in words]
    text = " ".join(word.word for word in parts)
    segments = [Segment(start=parts[0].start, end=parts[-1].end, text=text, words=parts)]
    return Transcript(
        model="base",
        language=language,
        language_probability=1.0,
        duration=float(SECONDS),
        segments=segments if parts else [],
    )


def loud(*stretches: tuple[float, float, float]) -> np.ndarray:
    """Levels of a track on which it is so loud, in decibels, from one time to another."""
    heard = np.full(SECONDS * FRAMES_A_SECOND, 1e-9, np.float32)
    for start, end, decibels in stretches:
        frames = slice(int(start * FRAMES_A_SECOND), int(end * FRAMES_A_SECOND))
        heard[frames] = np.maximum(heard[frames], 10 ** (decibels / 10))
    return heard


def said(transcript: Transcript) -> list[tuple[str | None, str]]:
    return [(segment.speaker, segment.text) for segment in transcript.segments]


QUESTION = (("Is", 1.0, 1.3), ("it", 1.3, 1.5), ("late?", 1.5, 2.0))
ANSWER = (("Not", 4.0, 4.3), ("yet.", 4.3, 4.8))


def test_segments_are_in_order_of_time_and_have_their_voices_names():
    voices = [
        Voice("Ben", spoken(*ANSWER), loud((4, 5, 0))),
        Voice("Ann", spoken(*QUESTION), loud((1, 2, 0))),
    ]
    whole = together(voices)
    assert said(whole) == [("Ann", "Is it late?"), ("Ben", "Not yet.")]
    assert {word.speaker for word in whole.segments[0].words} == {"Ann"}


def test_what_is_only_a_bleed_is_nobody_s():
    bleed = spoken(("Isn't", 1.0, 1.5), ("late", 1.5, 2.0), *ANSWER)  # heard badly
    voices = [
        Voice("Ann", spoken(*QUESTION), loud((1, 2, 0), (4, 5, -25))),
        Voice("Ben", bleed, loud((1, 2, -20), (4, 5, -3))),
    ]
    assert said(together(voices)) == [("Ann", "Is it late?"), ("Ben", "Not yet.")]


def test_two_who_speak_at_once_both_count():
    quiet = spoken(("No,", 1.2, 1.5), *ANSWER)
    voices = [
        Voice("Ann", spoken(*QUESTION), loud((1, 2, 0), (6, 9, 0))),
        # His microphone hears her at -25 dB; he himself is quieter than she is.
        Voice("Ben", quiet, loud((1, 2, -25), (1.2, 1.5, -10), (4, 5, -10), (6, 9, -25))),
    ]
    assert said(together(voices)) == [
        ("Ann", "Is it late?"),
        ("Ben", "No,"),
        ("Ben", "Not yet."),
    ] or said(together(voices)) == [("Ann", "Is it late?"), ("Ben", "No, Not yet.")]


def test_the_same_word_counts_once_and_where_it_is_louder():
    yes = ("Yes.", 3.0, 3.4)
    louder = Voice("Ann", spoken(yes), loud((3, 4, 0)))
    fainter = Voice("Ben", spoken(("yes", 3.1, 3.5)), loud((3, 4, -4)))
    as_loud = Voice("Ben", spoken(yes), loud((3, 4, 0)))
    assert said(together([fainter, louder])) == [("Ann", "Yes.")]
    assert said(together([louder, as_loud])) == [("Ann", "Yes."), ("Ben", "Yes.")]


def test_what_nobody_else_has_heard_is_kept_however_faint_it_is():
    nobody = Voice("Ann", spoken(*ANSWER), loud((1, 2, 0), (4, 5, 0)))
    assert said(together([nobody, Voice("Ben", spoken(*QUESTION), loud((1, 2, -30)))])) == [
        ("Ben", "Is it late?"),
        ("Ann", "Not yet."),
    ]


def test_the_language_is_that_of_whom_most_words_are():
    voices = [
        Voice("Ann", spoken(("Ja.", 1.0, 1.2), language="de"), loud((1, 2, 0))),
        Voice("Ben", spoken(*ANSWER), loud((4, 5, 0))),
    ]
    assert together(voices).language == "en"
    assert together(voices).duration == SECONDS


def test_levels_are_the_power_of_each_fiftieth_of_a_second():
    pcm = np.zeros(SAMPLE_RATE + 7, np.int16)
    pcm[FRAME : 2 * FRAME] = -3000
    heard = levels(pcm)
    assert len(heard) == FRAMES_A_SECOND
    assert heard[1] == pytest.approx(9e6)
    assert heard[0] == heard[2] == 0
    assert len(levels(pcm[:5])) == 0


def test_two_channels_of_one_microphone_are_one_signal():
    chance = np.random.default_rng(1)
    voice, other = chance.integers(-9999, 9999, (2, 5 * SAMPLE_RATE)).astype(np.int16)
    assert is_same_signal(voice, (voice * 0.3).astype(np.int16)[:-100])
    assert is_same_signal(voice, voice + chance.integers(-500, 500, len(voice)).astype(np.int16))
    assert not is_same_signal(voice, other)
    assert not is_same_signal(voice, voice // 2 + other // 4)
    assert not is_same_signal(voice, np.zeros_like(voice))
    assert not is_same_signal(voice, np.zeros(0, np.int16))
