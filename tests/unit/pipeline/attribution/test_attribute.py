"""Who said which word."""

import pytest

from documents import Segment, Transcript, Turn, Turns, Word
from pipeline.attribution.attribute import (
    BLOCK,
    attribute,
    name_by_appearance,
    without_words,
)
from pipeline.errors import Cancelled


def transcript(*words: tuple[str, float, float]) -> Transcript:
    timed = [Word(word=w, start=s, end=e, score=0.9) for w, s, e in words]
    return Transcript(
        model="base",
        language="en",
        language_probability=1.0,
        duration=60.0,
        segments=[
            Segment(
                start=timed[0].start,
                end=timed[-1].end,
                text=" ".join(word.word for word in timed),
                words=timed,
            )
        ],
    )


def turns(*turns: tuple[str, float, float]) -> Turns:
    return Turns(turns=[Turn(speaker=name, start=s, end=e) for name, s, e in turns])


def said(result: Transcript) -> list[tuple[str | None, str]]:
    return [(segment.speaker, segment.text) for segment in result.segments]


def test_a_segment_is_cut_where_the_speaker_changes():
    result = attribute(
        transcript(("Hello?", 0.0, 0.5), ("Oh,", 1.0, 1.2), ("hi.", 1.2, 1.5)),
        turns(("A", 0.0, 0.6), ("B", 0.9, 2.0)),
    )
    assert said(result) == [("A", "Hello?"), ("B", "Oh, hi.")]
    first, second = result.segments
    assert (first.start, first.end) == (0.0, 0.5)
    assert (second.start, second.end) == (1.0, 1.5)
    assert [word.speaker for word in second.words] == ["B", "B"]


def test_a_word_goes_to_who_has_most_of_it():
    result = attribute(transcript(("word", 1.0, 2.0)), turns(("A", 0.0, 1.3), ("B", 1.3, 3.0)))
    assert said(result) == [("B", "word")]


def test_what_somebody_said_before_takes_nothing_from_what_they_say_now():
    result = attribute(
        transcript(("word", 10.0, 10.4)),
        turns(("A", 8.5, 9.0), ("A", 10.0, 10.25), ("B", 10.25, 13.0)),
    )
    assert said(result) == [("A", "word")]


def test_a_millisecond_more_of_a_word_is_no_more():
    result = attribute(
        transcript(("word", 1.0, 1.0104), ("words", 1.0104, 2.0)),
        turns(("A", 0.0, 1.0054), ("B", 1.005, 3.0)),
    )
    assert said(result) == [("B", "word words")]


def test_a_word_outside_all_turns_goes_to_the_nearest():
    result = attribute(transcript(("word", 4.0, 4.5)), turns(("A", 0.0, 1.0), ("B", 5.0, 9.0)))
    assert said(result) == [("B", "word")]


def test_where_two_speak_at_once_the_sentence_decides():
    result = attribute(
        transcript(("And", 1.0, 1.3), ("I'm", 1.3, 1.6), ("Sheila", 1.7, 2.5), ("too.", 2.5, 3.0)),
        turns(("A", 0.0, 1.7), ("B", 0.9, 4.0)),
    )
    assert said(result) == [("B", "And I'm Sheila too.")]


def test_a_whole_phrase_of_somebody_else_is_cut_off():
    result = attribute(
        transcript(("So", 0.0, 0.4), ("what?", 0.4, 1.0), ("I", 1.1, 1.5), ("hear.", 1.5, 2.4)),
        turns(("A", 0.0, 1.05), ("B", 1.05, 3.0)),
    )
    assert said(result) == [("A", "So what?"), ("B", "I hear.")]


def test_a_short_turn_inside_a_long_one_is_found():
    result = attribute(
        transcript(("yes", 50.0, 50.3)), turns(("A", 0.0, 30.0), ("B", 49.0, 51.0), ("A", 52, 60))
    )
    assert said(result) == [("B", "yes")]


def test_a_sentence_is_not_cut_by_a_turn_of_half_a_second():
    """As where the segmentation hears somebody else in one loud word."""
    words = [(f"w{n}", n * 0.3, n * 0.3 + 0.3) for n in range(10)]
    long = turns(("A", 0.0, 1.2), ("B", 1.2, 1.75), ("A", 1.75, 3.0))
    assert {speaker for speaker, _ in said(attribute(transcript(*words), long))} == {"A"}


def test_a_turn_inside_a_sentence_that_lasts_a_second_cuts_it():
    words = [(f"w{n}", n * 0.3, n * 0.3 + 0.3) for n in range(10)]
    long = turns(("A", 0.0, 1.2), ("B", 1.2, 2.1), ("A", 2.1, 3.0))
    assert said(attribute(transcript(*words), long)) == [
        ("A", "w0 w1 w2 w3"),
        ("B", "w4 w5 w6"),
        ("A", "w7 w8 w9"),
    ]


def test_an_answer_of_one_word_between_two_sentences_keeps_its_speaker():
    sentences = transcript(("You", 0.0, 0.3), ("know.", 0.3, 0.8)).segments
    sentences += transcript(("Yes.", 0.85, 1.05)).segments
    sentences += transcript(("And", 1.1, 1.4), ("so.", 1.4, 2.0)).segments
    whole = transcript(("x", 0, 1)).model_copy(update={"segments": sentences})
    result = attribute(whole, turns(("A", 0.0, 0.83), ("B", 0.83, 1.07), ("A", 1.07, 2.0)))
    assert said(result) == [("A", "You know."), ("B", "Yes."), ("A", "And so.")]


def test_an_answer_that_another_talks_over_keeps_its_speaker_after_a_pause():
    result = attribute(
        transcript(("now", 0.0, 0.4), ("yes", 0.8, 1.1), ("but", 1.5, 1.8)),
        turns(("A", 0.0, 0.5), ("B", 0.8, 1.1), ("A", 1.4, 2.0)),
    )
    assert said(result) == [("A", "now"), ("B", "yes"), ("A", "but")]


def test_words_in_nobodys_turn_stay_with_their_sentence():
    result = attribute(
        transcript(("I", 0.0, 0.2), ("am", 0.2, 0.5), ("here", 1.0, 1.25), ("now", 1.25, 1.4)),
        turns(("A", 0.0, 0.6), ("A", 3.0, 4.0), ("B", 1.7, 2.0)),
    )
    # Both are nearer to B's turn by less than a change inside a sentence needs.
    assert said(result) == [("A", "I am"), ("B", "here now")]
    together = transcript(
        ("I", 0.0, 0.2), ("am", 0.2, 0.9), ("here", 1.0, 1.25), ("now", 1.25, 1.4)
    )
    result = attribute(together, turns(("A", 0.0, 0.6), ("A", 3.0, 4.0), ("B", 1.7, 2.0)))
    assert said(result) == [("A", "I am here now")]


def test_the_first_and_the_last_word_of_a_recording_have_the_nearest_speaker():
    result = attribute(
        transcript(("Hello.", 0.0, 0.3), ("Well", 2.0, 2.3), ("bye.", 9.5, 10.0)),
        turns(("A", 0.5, 1.0), ("B", 2.0, 8.0)),
    )
    assert said(result) == [("A", "Hello."), ("B", "Well bye.")]


def test_segments_without_words_are_attributed_as_a_whole():
    """Beside others with words, as where nothing could be aligned."""
    whole = transcript(("word", 0.0, 1.0))
    bare = whole.segments[0].model_copy(
        update={"words": [], "start": 1.2, "end": 4.0, "text": "so"}
    )
    last = transcript(("end", 5.0, 6.0)).segments
    segments = [*whole.segments, bare, *last]
    result = attribute(
        whole.model_copy(update={"segments": segments}),
        turns(("A", 0.0, 1.1), ("B", 1.2, 4.0), ("A", 4.5, 6.0)),
    )
    assert said(result) == [("A", "word"), ("B", "so"), ("A", "end")]


def test_a_block_goes_on_where_the_one_before_ended():
    """The words between two blocks are of one sentence's speaker, as within one."""
    one = transcript(("a", 0.0, 0.3)).segments[0]
    segments = [
        one.model_copy(
            update={
                "start": n * 0.3,
                "words": [one.words[0].model_copy(update={"start": n * 0.3, "end": n * 0.3 + 0.3})],
            }
        )
        for n in range(BLOCK + 2)
    ]
    border = BLOCK * 0.3
    # 30 ms of somebody else are no evidence, 80 of 300 in nobody's turn are none either.
    result = attribute(
        transcript(("x", 0, 1)).model_copy(update={"segments": segments}),
        turns(("A", 0.0, border), ("B", border + 0.05, border + 0.08), ("A", border + 0.1, 999)),
    )
    assert {segment.speaker for segment in result.segments} == {"A"}


def test_without_turns_nobody_is_named():
    assert said(attribute(transcript(("word", 0.0, 1.0)), Turns())) == [(None, "word")]


def test_words_can_be_left_out_and_the_cut_stays():
    spoken = transcript(("Hello?", 0.0, 0.5), ("Oh, hello.", 1.0, 1.7))
    result = without_words(attribute(spoken, turns(("A", 0.0, 0.6), ("B", 0.9, 2.0))))
    assert said(result) == [("A", "Hello?"), ("B", "Oh, hello.")]
    assert all(segment.words == [] for segment in result.segments)


def test_embeddings_come_along():
    with_embeddings = Turns(
        turns=[Turn(speaker="A", start=0.0, end=1.0)], speaker_embeddings={"A": [0.5, 0.5]}
    )
    result = attribute(transcript(("word", 0.0, 1.0)), with_embeddings)
    assert result.speaker_embeddings == {"A": [0.5, 0.5]}


def test_speakers_are_named_in_the_order_in_which_they_are_read():
    """Whose first turn was a cough is not the first, and who only coughs has no name."""
    result = name_by_appearance(
        attribute(
            transcript(
                ("Hello?", 5.0, 5.5), ("Oh,", 6.0, 6.2), ("hi.", 6.2, 6.5), ("So", 7.0, 8.0)
            ),
            Turns(
                turns=turns(
                    ("SPEAKER_00", 0.0, 0.5),
                    ("SPEAKER_01", 1.0, 1.5),
                    ("SPEAKER_02", 4.9, 5.6),
                    ("SPEAKER_00", 5.9, 6.6),
                    ("SPEAKER_02", 6.9, 8.0),
                ).turns,
                speaker_embeddings={
                    "SPEAKER_00": [0.0, 1.0],
                    "SPEAKER_01": [1.0, 1.0],
                    "SPEAKER_02": [1.0, 0.0],
                },
            ),
        )
    )
    assert said(result) == [
        ("SPEAKER_00", "Hello?"),
        ("SPEAKER_01", "Oh, hi."),
        ("SPEAKER_00", "So"),
    ]
    assert [word.speaker for segment in result.segments for word in segment.words] == [
        "SPEAKER_00",
        "SPEAKER_01",
        "SPEAKER_01",
        "SPEAKER_00",
    ]
    assert result.speaker_embeddings == {"SPEAKER_00": [1.0, 0.0], "SPEAKER_01": [0.0, 1.0]}


def test_who_has_no_embedding_has_a_name_all_the_same():
    result = attribute(
        transcript(("Hi.", 0.0, 1.0), ("Oh.", 1.0, 2.0)), turns(("B", 0.0, 1.0), ("A", 1.0, 2.0))
    )
    named = name_by_appearance(result.model_copy(update={"speaker_embeddings": {"A": [1.0]}}))
    assert said(named) == [("SPEAKER_00", "Hi."), ("SPEAKER_01", "Oh.")]
    assert named.speaker_embeddings == {"SPEAKER_01": [1.0]}


def test_who_was_recognised_bears_a_name_that_nobody_else_has():
    result = attribute(
        transcript(("Hi.", 0.0, 1.0), ("Oh.", 1.0, 2.0), ("So.", 2.0, 3.0)),
        turns(("X", 0.0, 1.0), ("Y", 1.0, 2.0), ("Z", 2.0, 3.0)),
    )
    named = name_by_appearance(result, {"Y": "Ann"}, given=["Ann", "SPEAKER_00"])
    assert said(named) == [("SPEAKER_01", "Hi."), ("Ann", "Oh."), ("SPEAKER_02", "So.")]


def test_words_in_nobody_s_turn_are_nobody_s_where_the_nearest_may_not_fill_in():
    words = ("Oh,", 0.0, 0.4), ("well,", 1.0, 1.5), ("yes.", 2.0, 2.5), ("Bye.", 8.0, 8.5)
    said_by = turns(("A", 1.0, 1.5), ("B", 2.0, 2.5))
    filled = attribute(transcript(*words), said_by)
    assert [w.speaker for s in filled.segments for w in s.words] == ["A", "A", "B", "B"]
    left = attribute(transcript(*words), said_by, fill_nearest=False)
    assert [w.speaker for s in left.segments for w in s.words] == [None, "A", "B", None]
    assert said(left)[0] == ("A", "Oh, well,")
    alone = attribute(transcript(("Bye.", 8.0, 8.5)), said_by, fill_nearest=False)
    assert said(alone) == [(None, "Bye.")]


def test_nobody_stays_without_a_name():
    result = name_by_appearance(attribute(transcript(("word", 0.0, 1.0)), Turns()))
    assert said(result) == [(None, "word")]
    assert result.speaker_embeddings is None


def test_long_transcripts_are_attributed_in_blocks_that_nobody_need_wait_for():
    one = transcript(("word", 0.0, 1.0)).segments
    long = transcript(("word", 0.0, 1.0)).model_copy(update={"segments": one * (2 * BLOCK + 1)})
    looks = []
    result = attribute(long, turns(("A", 0.0, 1.0)), check=lambda: looks.append(None))
    assert said(result) == [("A", "word")] * (2 * BLOCK + 1)
    assert len(looks) == 3

    def gone() -> None:
        looks.append(None)
        if len(looks) == 5:
            raise Cancelled("the caller has gone")

    with pytest.raises(Cancelled):
        attribute(long, turns(("A", 0.0, 1.0)), check=gone)
    assert len(looks) == 5
