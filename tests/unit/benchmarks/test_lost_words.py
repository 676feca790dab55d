"""A word is lost where nothing stands for it; where another word does, it was misheard."""

from benchmarks.speakers.lost import Counts, certain, changes, score_lost
from documents import Turn, Word

TURNS = [
    Turn(start=0, end=4, speaker="ann"),
    Turn(start=4, end=8, speaker="bob"),
    Turn(start=8.2, end=9, speaker="bob"),
]


def said(text: str, start: float, step: float = 0.5) -> list[Word]:
    return [
        Word(word=word, start=start + n * step, end=start + (n + 1) * step, score=1)
        for n, word in enumerate(text.split())
    ]


ALONE = said("Well, how are you today?", 1) + said("I am fine, thanks.", 4.5)


def test_what_is_heard_as_in_the_clips_alone_is_neither_lost_nor_misheard():
    score = score_lost(ALONE, TURNS, said("well how are you today", 1.2) + said("i am", 4.4))
    assert changes(TURNS) == [4]
    assert score.near == Counts(said=2)  # today, I
    assert score.anywhere == Counts(said=9, lost=2, unpaired=2)
    assert score.added == 0


def test_another_word_at_its_time_is_no_loss():
    heard = said("well how are you Sunday", 1) + said("am fine", 5) + said("thanks", 6)
    score = score_lost(ALONE, TURNS, heard)
    assert score.near == Counts(said=2, misheard=1, lost=1, unpaired=1)
    assert (score.anywhere.misheard, score.anywhere.lost, score.added) == (1, 1, 0)


def test_one_word_may_stand_for_two_but_not_one_that_lasts_for_seconds():
    others = said("well how are you", 1) + said("fine thanks", 5.5)
    alone = score_lost(ALONE, TURNS, [*others, Word(word="I'm", start=4.5, end=5.4, score=1)])
    assert (alone.anywhere.misheard, alone.anywhere.lost, alone.anywhere.unpaired) == (2, 1, 2)
    long = score_lost(ALONE, TURNS, [*others, Word(word="Ahm", start=3.6, end=5.6, score=1)])
    assert (long.anywhere.misheard, long.anywhere.lost) == (1, 2)


def test_two_who_speak_at_once_may_be_written_down_one_after_the_other():
    alone = said("one two three", 3) + said("ja nein", 3.2)
    heard = said("ja nein", 3.2) + said("one two three", 4.3)
    assert score_lost(alone, TURNS, heard).anywhere == Counts(said=5)


def test_words_that_nobody_said_are_added():
    score = score_lost(ALONE, TURNS, [*ALONE, *said("thank you for watching", 20)])
    assert (score.added, score.anywhere.lost) == (4, 0)


def test_certain_is_what_is_heard_in_the_recording_of_the_clip_too():
    whole = [word.model_copy(update={"speaker": "ann"}) for word in said("I never said that", 1)]
    clip = [word.model_copy(update={"speaker": "ann"}) for word in said("I, never, sat that", 1.1)]
    assert [word.word for word in certain(clip, whole)] == ["i", "never", "that"]
    others = [word.model_copy(update={"speaker": "bob"}) for word in whole]
    assert certain(clip, others) == []


def test_nothing_heard_is_all_lost():
    score = score_lost(ALONE, TURNS, [])
    assert score.near == Counts(said=2, lost=2, unpaired=2)
    assert score_lost([], TURNS, ALONE).added == 9
