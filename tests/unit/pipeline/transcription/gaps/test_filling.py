"""What was left out of a chunk is asked about by itself, and put where it was said."""

import numpy as np
import pytest

from documents import Word
from pipeline.audio import SAMPLE_RATE
from pipeline.leaf_documents import ChunkTranscript
from pipeline.options import Options
from pipeline.transcription.chunking import Chunk
from pipeline.transcription.gaps.filling import CONTEXT, fill_gaps

AUDIO = np.arange(10 * SAMPLE_RATE, dtype=np.int32).astype(np.int16)
SPEECH = ((0.0, 10.0),)


def heard(
    *spoken: tuple[str, float, float], language: str = "en", **more: float
) -> ChunkTranscript:
    words = [
        Word(word=word, start=start, end=end, score=0.9, tokens=[number], logprobs=[-0.1])
        for number, (word, start, end) in enumerate(spoken)
    ]
    signs = {"avg_logprob": -0.2, "compression_ratio": 1.0, "no_speech_prob": 0.02, **more}
    text = " ".join(word.word for word in words)
    tokens = list(range(len(words)))
    return ChunkTranscript(language=language, text=text, words=words, tokens=tokens, **signs)


FIRST = heard(("here", 0.0, 0.4), ("so", 0.4, 5.0), ("I", 5.0, 5.2), ("know.", 5.2, 10.0))
ALL_BUT_THE_END = ((0.0, 5.6),)  # what is said after that is «know.», and a pause


class Whisper:
    """Answers the same whatever it is asked about, and notes that."""

    def __init__(self, *answers: ChunkTranscript) -> None:
        self.answers, self.asked = list(answers), []

    def __call__(self, piece: Chunk) -> ChunkTranscript:
        self.asked.append(piece)
        return self.answers.pop(0)


def spelt(transcript: ChunkTranscript) -> list[str]:
    return [word.word for word in transcript.words]


def test_what_was_left_out_stands_between_its_neighbours():
    # In the time of the piece, which begins a little before the gap.
    again = heard(
        ("here", 0.0, 0.1), ("so", 0.3, 0.6), ("what", 0.6, 1.0), ("can", 1.0, 1.3), ("I", 4.7, 5.1)
    )
    whisper = Whisper(again)
    options = Options(initial_prompt="Sheila.", hotwords="Texas")
    found = fill_gaps(Chunk(AUDIO, options, speech=ALL_BUT_THE_END), FIRST, whisper)
    assert spelt(found) == ["here", "so", "what", "can", "I", "know."]
    assert found.text == "here so what can I know."
    begin = 0.4 - CONTEXT
    what = found.words[2]
    assert (what.start, what.end) == pytest.approx((begin + 0.6, begin + 1.0))
    assert found.tokens == [0, 1, 2, 3, 2, 3]
    (piece,) = whisper.asked
    assert np.array_equal(
        piece.audio, AUDIO[round(begin * SAMPLE_RATE) : round((5.0 + CONTEXT) * SAMPLE_RATE)]
    )
    # In the language that the chunk is in, with whatever else was asked for.
    assert piece.options == options.model_copy(update={"language": "en"})
    assert FIRST.text == "here so I know."


def test_each_gap_of_a_chunk_is_filled():
    whisper = Whisper(heard(("end", 2.0, 2.4)), heard(("beginning", 0.5, 1.2)))
    middle = heard(("the", 4.0, 4.2), ("middle", 4.2, 4.6))
    found = fill_gaps(Chunk(AUDIO, Options(), speech=SPEECH), middle, whisper)
    assert found.text == "beginning the middle end"
    assert [piece.audio[0] for piece in whisper.asked] == [AUDIO[round(4.4 * SAMPLE_RATE)], 0]
    times = [time for word in found.words for time in (word.start, word.end)]
    assert times == sorted(times)


@pytest.mark.parametrize(
    "again",
    [
        heard(("thank", 1.0, 1.4), ("you", 1.4, 1.8), no_speech_prob=0.95),
        heard(("mumbled", 1.0, 1.4), ("nonsense", 1.4, 1.8), avg_logprob=-1.3),
        heard(("la", 1.0, 1.4), ("la", 1.4, 1.8), compression_ratio=3.0),
        heard(("s", 1.0, 1.4)),  # less than the «so» that stands there
        heard(),
    ],
)
def test_what_is_not_credible_or_less_leaves_it_as_it_is(again):
    chunk = Chunk(AUDIO, Options(), speech=ALL_BUT_THE_END)
    assert fill_gaps(chunk, FIRST, Whisper(again, again)) == FIRST


@pytest.mark.parametrize(
    ("options", "first", "speech"),
    [
        (Options(task="translate"), FIRST, SPEECH),  # whose words have no times of their own
        (Options(), FIRST, ()),
        (Options(), heard(), SPEECH),  # nobody spoke, as was found with more care
        (Options(), heard(("here", 0.0, 0.4), ("now.", 0.4, 0.9)), ((0.0, 1.0),)),
    ],
)
def test_nobody_is_asked_where_nothing_is_missing(options, first, speech):
    whisper = Whisper()
    assert fill_gaps(Chunk(AUDIO, options, speech=speech), first, whisper) is first
    assert whisper.asked == []


def test_a_word_that_the_gap_was_hidden_in_stays_at_the_end_where_there_is_room_for_it():
    first = heard(("clients", 0.0, 0.5), ("the", 0.5, 4.0), ("library", 4.0, 9.0), ("is", 9.0, 9.2))
    chunk = Chunk(AUDIO, Options(), speech=((0.0, 9.2),))
    begin = 0.5 - CONTEXT
    residents = ("residents", 0.9, 1.4)
    early = fill_gaps(chunk, first, Whisper(heard(residents, ("utilities", 7.6, 8.2))))
    assert spelt(early) == ["clients", "the", "residents", "utilities", "library", "is"]
    the, library = early.words[1], early.words[4]
    assert the.end == pytest.approx(begin + 0.9)
    assert 8.5 < library.start < library.end == 9.0
    # It is heard there, or there is no room for it.
    for last in (("Library.", 8.2, 8.8), ("utilities", 7.6, 8.6)):
        found = fill_gaps(chunk, first, Whisper(heard(residents, last)))
        assert spelt(found) == ["clients", "the", "residents", last[0], "is"]


def test_where_the_whole_gap_is_doubtful_it_is_heard_without_its_end():
    doubtful = heard(("mumbled", 1.0, 1.4), avg_logprob=-1.3)
    whisper = Whisper(doubtful, heard(("what", 0.8, 1.2), ("now", 1.2, 1.9)))
    chunk = Chunk(AUDIO, Options(), speech=ALL_BUT_THE_END)
    assert fill_gaps(chunk, FIRST, whisper).text == "here so what now I know."
    whole, cut = (piece.audio for piece in whisper.asked)
    assert len(cut) == len(whole) - 0.6 * SAMPLE_RATE
    assert cut[0] == whole[0]


def test_words_of_an_unspaced_language_stay_together():
    first = heard(("你", 0.0, 0.2), ("好", 0.2, 0.4), language="zh")
    whisper = Whisper(heard(("世", 2.0, 2.2), ("界", 2.2, 2.4), language="zh"))
    assert fill_gaps(Chunk(AUDIO, Options(), speech=SPEECH), first, whisper).text == "你好世界"
