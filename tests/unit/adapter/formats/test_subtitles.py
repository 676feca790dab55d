"""Subtitles that people can read, and that lose nothing."""

import re
from itertools import pairwise

import numpy as np
import pytest

from adapter.formats.subtitles import LEAST, LONGEST, SHORTEST, WIDTH, Cue, columns, cues, label
from adapter.formats.transcripts import as_srt, as_vtt
from documents import Segment, Transcript, Word
from tests.speech.scoring import read_stm

SPEECH = (
    "Well, there's not much difference, at least, you know, they all call me a Yankee down here "
    "so I don't hear that in New Jersey, and when I do I laugh."
)


def spoken(
    text: str, start: float = 0.0, pace: float = 0.3, speaker: str | None = None, gap: float = 0.0
) -> Segment:
    """A segment whose words follow each other at one pace, in seconds a word."""
    words = [
        Word(
            word=word,
            start=round(start + i * pace, 3),
            end=round(start + (i + 1) * pace - gap, 3),
            score=0.9,
            speaker=speaker,
        )
        for i, word in enumerate(text.split())
    ]
    return Segment(start=words[0].start, end=words[-1].end, text=text, words=words, speaker=speaker)


def transcript(*segments: Segment, duration: float = 600.0, language: str = "en") -> Transcript:
    return Transcript(
        model="base",
        language=language,
        language_probability=1.0,
        duration=duration,
        segments=list(segments),
    )


def lines_of(*segments: Segment, **options: object) -> list[list[str]]:
    return [cue.lines for cue in cues(transcript(*segments), **options)]


def check(made: Transcript, shown: list[Cue], labelled: bool = False) -> None:
    """What holds for any subtitles of any transcript."""
    said = [(c, s.speaker) for s in made.segments for c in s.text if not c.isspace()]
    seen = [(c, cue.speaker) for cue in shown for line in cue.lines for c in line if c != " "]
    assert seen == said
    written = " ".join(" ".join(segment.text.split()) for segment in made.segments)
    assert " ".join(line for cue in shown for line in cue.lines).replace(" ", "") == (
        written.replace(" ", "")
    )
    for cue in shown:
        assert 1 <= len(cue.lines) <= 2
        for number, line in enumerate(cue.lines):
            name = label(cue.speaker) if labelled and number == 0 else ""
            assert line == line.strip() != ""
            assert columns(name + line) <= WIDTH
        assert LEAST - 1e-9 <= cue.end - cue.start <= LONGEST + 1e-9
    for cue, following in pairwise(shown):
        assert cue.end <= following.start


def test_a_long_sentence_is_broken_at_its_joints():
    assert lines_of(spoken(SPEECH)) == [
        ["Well, there's not much difference,", "at least, you know,"],
        ["they all call me a Yankee down here", "so I don't hear that in New Jersey,"],
        ["and when I do I laugh."],
    ]


def test_a_cue_is_broken_at_a_joint_if_its_lines_are_not_too_uneven():
    for lines in (
        ["We met at the station and walked", "to the old harbour before the rain began."],
        ["Yes.", "I know that you were there, and so was he."],
    ):
        assert lines_of(spoken(" ".join(lines))) == [lines]


def test_what_takes_more_than_seven_seconds_is_two_cues():
    for pace, number in ((1.1, 1), (1.2, 2)):
        assert len(lines_of(spoken("Slowly, very slowly, he said it.", pace=pace))) == number
    assert lines_of(spoken("Very slowly.", pace=4.0)) == [["Very"], ["slowly."]]


def test_a_line_does_not_end_with_a_word_that_belongs_to_the_next():
    (lines,) = lines_of(spoken("We walked for hours along the endless coast of the northern sea"))
    assert not re.search(r" (the|of|for|a)$", lines[0])


def test_short_sentences_of_one_speaker_share_a_cue():
    segments = [spoken("Hello.", 1.0), spoken("Hello?", 1.6), spoken("Is anybody there?", 2.2)]
    assert lines_of(*segments) == [["Hello. Hello? Is anybody there?"]]


def test_no_cue_is_of_two_speakers():
    segments = [spoken("Hello.", 1.0, speaker="A"), spoken("Oh, hello.", 1.4, speaker="B")]
    shown = cues(transcript(*segments))
    assert [(cue.speaker, cue.lines) for cue in shown] == [("A", ["Hello."]), ("B", ["Oh, hello."])]
    assert shown[0].end == shown[1].start == 1.4


def test_a_pause_ends_a_cue():
    shown = cues(transcript(spoken("One moment,", 1.0), spoken("please.", 5.0)))
    assert [cue.lines for cue in shown] == [["One moment,"], ["please."]]


def test_a_cue_is_on_time_and_stays_until_it_can_be_read():
    short = spoken("Yes.", 1.0, pace=0.2)
    quick = spoken("Incomprehensibilities notwithstanding.", 10.0, pace=0.3)
    last = spoken("No.", 29.8, pace=0.1)
    first, second, third = cues(transcript(short, quick, last, duration=30.0))
    assert (first.start, first.end) == (1.0, 1.0 + SHORTEST)
    assert second.start == 10.0
    assert second.end == pytest.approx(10.0 + 38 / 20)
    assert (third.start, third.end) == (29.8, 30.0)


def test_a_word_that_never_ends_is_not_shown_for_long():
    segment = spoken("Well", 1.0, pace=25.0)
    assert [(cue.start, cue.end) for cue in cues(transcript(segment))] == [(1.0, 1.0 + LONGEST)]


def test_without_words_times_are_shared_out():
    made = transcript(Segment(start=10.0, end=30.0, text=SPEECH, speaker="SPEAKER_00"))
    shown = cues(made)
    check(made, shown)
    assert shown[0].start == 10.0
    for cue in shown:
        before = SPEECH[: SPEECH.index(cue.lines[0])].replace(" ", "")
        share = len(before) / len(SPEECH.replace(" ", ""))
        assert cue.start == pytest.approx(10.0 + 20.0 * share)


def test_japanese_is_broken_without_spaces_and_no_mark_begins_a_line():
    text = (
        "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"
        "何でも薄暗いじめじめした所でニャーニャー泣いていた事だけは記憶している。"
    )
    words = [Word(word=c, start=i * 0.2, end=i * 0.2 + 0.2, score=0.9) for i, c in enumerate(text)]
    whole = Segment(start=0.0, end=len(text) * 0.2, text=text)
    for made in (
        transcript(whole, language="ja"),
        transcript(whole.model_copy(update={"words": words}), language="ja"),
    ):
        shown = cues(made)
        check(made, shown)
        lines = [line for cue in shown for line in cue.lines]
        assert "".join(lines) == text
        assert max(map(columns, lines)) > WIDTH / 2
        assert not any(line[0] in "。、ー" for line in lines)
        assert lines[0].endswith("。")


def test_another_script_inside_chinese_keeps_its_spaces():
    text = "我用 Visual Studio Code 写程序。"
    words = ["我", "用", "Visual", "Studio", "Code", "写", "程", "序。"]
    segment = spoken(" ".join(words)).model_copy(update={"text": text})
    assert lines_of(segment) == [[text]]


def test_french_marks_stay_with_their_word():
    text = "Mais enfin, qu'est-ce que vous voulez donc ? Je ne comprends absolument rien !"
    made = transcript(spoken(text))
    shown = cues(made)
    check(made, shown)
    assert not any(line[0] in "?!" for cue in shown for line in cue.lines)


def test_a_word_longer_than_a_line_is_cut():
    made = transcript(
        spoken("See https://example.org/" + "a" * 90 + " and Rindfleischetikettierung.")
    )
    check(made, cues(made))
    check(made, cues(made, labelled=True), labelled=True)


def test_words_that_the_text_does_not_have_are_shown():
    segment = spoken("Oh, hello.").model_copy(update={"text": "Oh, h\ufffdllo."})
    assert lines_of(segment) == [["Oh, hello."]]


def test_an_empty_transcript_has_no_cues():
    assert cues(transcript()) == []
    assert as_srt(transcript()) == ""
    assert as_vtt(transcript()) == "WEBVTT\n"


def test_the_label_counts_in_srt():
    segment = spoken("This line would be fine if nobody were named.", speaker="SPEAKER_00")
    made = transcript(segment)
    check(made, cues(made, labelled=True), labelled=True)
    assert as_srt(made) == (
        "1\n00:00:00,000 --> 00:00:02,700\n"
        "[SPEAKER_00] This line would be fine\nif nobody were named.\n"
    )


def test_vtt_names_voices_and_escapes():
    segment = spoken("Is 1 < 2 & 3 --> 4?", speaker="R&D <team>")
    assert as_vtt(transcript(segment)) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:02.400\n"
        "<v R&amp;D &lt;team&gt;>Is 1 &lt; 2 &amp; 3 --&gt; 4?\n"
    )


def test_the_conversation_as_it_was_written_down(sample):
    made = transcript(
        *(
            Segment(start=u.start, end=u.end, text=u.text, speaker=u.speaker)
            for u in read_stm(sample.with_suffix(".stm"))
        ),
        duration=30.0,
    )
    shown = cues(made)
    check(made, shown)
    assert len(shown) >= 10


def test_whatever_is_said_is_shown_once_and_in_order():
    random = np.random.default_rng(11)
    marks = ["", "", "", "", ",", ".", "?", ";", " –", "。", "！"]
    for number in range(100):
        segments = []
        time = 0.0
        for _ in range(random.integers(1, 12)):
            time += random.exponential(0.5)
            words = []
            for _ in range(random.integers(1, 40)):
                alphabet = "漢字仮名交文" if random.random() < number % 3 / 4 else "abcdefghij"
                length = min(1 + random.geometric(0.2), 60)
                words.append("".join(random.choice(list(alphabet), length)) + random.choice(marks))
            speaker = random.choice([None, "SPEAKER_00", "SPEAKER_01"])
            pace = random.uniform(0.02, 1.5)
            segment = spoken(" ".join(words), time, pace, speaker, gap=random.uniform(0, pace))
            time = segment.end - random.choice([0.0, 0.5])  # speakers may talk over each other
            if random.random() < 0.3:
                segment = segment.model_copy(update={"words": []})
            segments.append(segment)
        made = transcript(*segments, duration=time + 1)
        check(made, cues(made))
        check(made, cues(made, labelled=True), labelled=True)
