"""What nobody was understood to say in his turn is asked about, and stands where it was said."""

from concurrent.futures import Future

import numpy as np
import pytest

from documents import Segment, Transcript, Turn, Word
from pipeline.audio import SAMPLE_RATE
from pipeline.leaf_documents import ChunkTranscript
from pipeline.options import Options
from pipeline.transcription.chunking import Chunk
from pipeline.transcription.gaps.filling import CONTEXT
from pipeline.transcription.gaps.in_turns import hear_turns
from tests.unit.pipeline.transcription.gaps.test_filling import Whisper, heard

AUDIO = (np.arange(60 * SAMPLE_RATE, dtype=np.int32) // 100).astype(np.int16)


def sentence(speaker: str, *spoken: tuple[str, float, float]) -> Segment:
    words = [
        Word(word=word, start=start, end=end, score=0.9, speaker=speaker, tokens=[7], logprobs=[-1])
        for word, start, end in spoken
    ]
    text = " ".join(word.word for word in words)
    start, end = words[0].start, words[-1].end
    return Segment(start=start, end=end, text=text, words=words, speaker=speaker)


def transcript(*segments: Segment, **more: object) -> Transcript:
    given = {"model": "base", "language": "en", "language_probability": 1, "duration": 60, **more}
    return Transcript(segments=list(segments), **given)


SHEILA = sentence("Sheila", ("so", 1.0, 1.3), ("what", 1.3, 1.6), ("now?", 4.0, 4.4))
TURN_OF_SHEILA = Turn(start=1.0, end=4.4, speaker="Sheila")
DIANE = Turn(start=2.0, end=3.3, speaker="Diane")


def hear(
    said: Transcript,
    turns: list[Turn],
    *answers: ChunkTranscript,
    options: Options | None = None,
) -> tuple[list[tuple[str | None, str]], Whisper]:
    """Who says what then, and what Whisper was asked about."""
    whisper = Whisper(*answers)

    def recognise(piece: Chunk) -> Future:
        future: Future = Future()
        future.set_result(whisper(piece))
        return future

    found = hear_turns(AUDIO, said, turns, options or Options(), recognise)
    return [(each.speaker, each.text) for each in found.segments], whisper


def test_who_answers_over_somebody_has_a_sentence_of_his_own():
    begin = DIANE.start - CONTEXT
    answer = heard(("What", 0.3, 0.5), ("Hello,", 0.6, 1.0), ("Sheila.", 1.0, 1.3))
    later = sentence("Diane", ("Well.", 9.0, 9.5))
    turns = [Turn(start=1.0, end=1.7, speaker="Sheila"), DIANE]
    options = Options(initial_prompt="A call.", word_timestamps=False)
    said, whisper = hear(transcript(SHEILA, later), turns, answer, options=options)
    assert said == [
        ("Sheila", "so what now?"),
        ("Diane", "What Hello, Sheila."),
        ("Diane", "Well."),
    ]
    (piece,) = whisper.asked
    first, last = round(begin * SAMPLE_RATE), round((DIANE.end + CONTEXT) * SAMPLE_RATE)
    assert np.array_equal(piece.audio, AUDIO[first:last])
    # With times in the text, which make Whisper go on behind the first speaker.
    asked = {"language": "en", "word_timestamps": True, "without_timestamps": False}
    assert piece.options == options.model_copy(update=asked)


def test_what_was_left_out_of_a_sentence_stands_in_it():
    begin = TURN_OF_SHEILA.start - CONTEXT
    again = heard(
        ("so", 0.2, 0.5),
        ("what", 0.6, 0.9),
        ("can", 1.4, 1.7),
        ("I", 1.7, 1.9),
        ("say", 1.9, 2.3),
        ("now?", 3.2, 3.6),
    )
    whisper = Whisper(again)
    future: Future = Future()
    future.set_result(again)
    found = hear_turns(AUDIO, transcript(SHEILA), [TURN_OF_SHEILA], Options(), lambda _: future)
    (segment,) = found.segments
    assert segment.text == "so what can I say now?"
    assert [word.speaker for word in segment.words] == ["Sheila"] * 6
    can = segment.words[2]
    assert (can.start, can.end) == pytest.approx((begin + 1.4, begin + 1.7))
    times = [time for word in segment.words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert segment.tokens == [7, 7, 2, 3, 4, 7]
    assert segment.avg_logprob == pytest.approx((3 * -1 + 3 * -0.1) / 6)
    assert SHEILA.text == "so what now?"  # whoever asks again is answered from what is kept
    assert not whisper.asked


def test_what_somebody_has_said_just_then_is_not_said_again():
    said, _ = hear(transcript(SHEILA), [DIANE], heard(("What", 0.0, 0.5), ("what?", 1.0, 1.2)))
    assert said == [("Sheila", "so what now?"), ("Diane", "what?")]


@pytest.mark.parametrize(
    "answer",
    [
        heard(("thank", 0.5, 0.8), ("you", 0.8, 1.2), no_speech_prob=0.95),
        heard(("mumbled", 0.5, 1.2), avg_logprob=-1.3),
        heard(("la", 0.5, 0.8), ("la", 0.8, 1.2), compression_ratio=3.0),
        heard(("elsewhere", 2.0, 2.4)),  # behind the turn
        heard(),
    ],
)
def test_what_is_not_credible_leaves_it_as_it_is(answer):
    said, whisper = hear(transcript(SHEILA), [DIANE], answer)
    assert said == [("Sheila", "so what now?")]
    assert len(whisper.asked) == 1


@pytest.mark.parametrize(
    ("said", "turns"),
    [
        (transcript(SHEILA, task="translate"), [DIANE]),
        (transcript(), [DIANE]),  # where nobody was understood, it is no speech
        (transcript(SHEILA), []),
        (transcript(SHEILA), [Turn(start=2.0, end=2.7, speaker="Diane")]),
        (transcript(SHEILA), [Turn(start=5.0, end=25.2, speaker="Diane")]),
    ],
)
def test_nobody_is_asked_where_nothing_can_be_missing(said, turns):
    _, whisper = hear(said, turns)
    assert whisper.asked == []


def test_amid_a_turn_it_is_asked_again_without_what_is_before():
    begin = 1.6 - CONTEXT  # behind «what»
    again = heard(("can", 0.5, 0.8), ("I", 0.8, 0.9), ("say", 0.9, 1.3))
    known = heard(("so", 0.2, 0.5), ("what", 0.5, 0.8))
    said, whisper = hear(transcript(SHEILA), [TURN_OF_SHEILA], known, again)
    assert said == [("Sheila", "so what can I say now?")]
    first, second = whisper.asked
    assert len(first.audio) > len(second.audio)
    last = round((TURN_OF_SHEILA.end + CONTEXT) * SAMPLE_RATE)
    assert np.array_equal(second.audio, AUDIO[round(begin * SAMPLE_RATE) : last])
    assert second.options == first.options


def test_nothing_is_asked_a_third_time():
    said, whisper = hear(transcript(SHEILA), [TURN_OF_SHEILA], heard(), heard())
    assert said == [("Sheila", "so what now?")]
    assert len(whisper.asked) == 2


@pytest.mark.parametrize("turn", [(2.0, 4.4), (1.0, 3.5)])
def test_where_a_turn_begins_or_ends_it_is_asked_once(turn):
    start, end = turn
    turns = [Turn(start=start, end=end, speaker="Sheila")]
    _, whisper = hear(transcript(SHEILA), turns, heard(), heard())
    assert len(whisper.asked) == 1


def test_what_nobody_could_say_in_so_short_a_time_was_not_said():
    word = heard(("hippopotamus", 0.5, 0.6), ("hippopotamus", 0.6, 0.7))  # 24 letters, 1.3 s
    said, _ = hear(transcript(SHEILA), [DIANE], word)
    assert ("Diane", "hippopotamus hippopotamus") in said
    loop = heard(*(("hippopotamus", 0.5, 0.5 + 0.01 * n) for n in range(3)))
    said, _ = hear(transcript(SHEILA), [DIANE], loop)
    assert said == [("Sheila", "so what now?")]


def test_what_is_heard_in_the_turns_of_two_is_said_once():
    bob = DIANE.model_copy(update={"speaker": "Bob"})
    hello = heard(("Hello.", 0.5, 0.9))
    said, _ = hear(transcript(SHEILA), [DIANE, bob], hello, hello)
    assert said == [("Sheila", "so what now?"), ("Diane", "Hello.")]


def test_a_word_that_seemed_to_last_ends_where_the_next_one_begins():
    stretched = sentence("Sheila", ("so", 1.0, 3.9), ("now?", 4.0, 4.4))
    answer: Future = Future()
    answer.set_result(heard(("can", 1.4, 1.7), ("say", 2.7, 3.5)))  # 0.8 s later in the call
    found = hear_turns(AUDIO, transcript(stretched), [TURN_OF_SHEILA], Options(), lambda _: answer)
    (segment,) = found.segments
    times = [time for word in segment.words for time in (word.start, word.end)]
    assert times == pytest.approx([1.0, 2.2, 2.2, 2.5, 3.5, 4.0, 4.0, 4.4])


def test_no_more_than_half_of_a_recording_is_heard_again():
    turns = [Turn(start=at, end=at + 2, speaker="Diane") for at in (10.0, 20.0, 30.0, 40.0)]
    two = 2 * (2 + 2 * CONTEXT) / 0.5
    _, whisper = hear(transcript(SHEILA, duration=two + 0.1), turns, heard(), heard())
    assert len(whisper.asked) == 2
    once = TURN_OF_SHEILA.end - TURN_OF_SHEILA.start + 2 * CONTEXT
    short = transcript(SHEILA, duration=1.5 * once / 0.5)  # of what is asked again, too
    _, whisper = hear(short, [TURN_OF_SHEILA], heard())
    assert len(whisper.asked) == 1
