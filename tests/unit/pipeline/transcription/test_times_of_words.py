"""Words in the time of the recording, the first of a chunk from where it is heard."""

from concurrent.futures import Future

import numpy as np
import pytest

from documents import Word
from pipeline.audio import SAMPLE_RATE
from pipeline.options import Options
from pipeline.transcription.chunking import Chunk
from pipeline.transcription.transcribe import transcribe
from tests.futures import done
from tests.unit.pipeline.transcription.stand_ins import Listener, Speech


def heard_in(audio: np.ndarray, speech: Speech, *words: Word) -> list[Word]:
    """The words of the one chunk, in the time of the recording, that Whisper heard in its own."""

    def recognise(chunk: Chunk) -> Future:
        heard = Listener()(chunk).result()
        return done(heard.model_copy(update={"words": [word.model_copy() for word in words]}))

    (segment,) = transcribe(audio, Options(language="en"), speech, recognise, "base").segments
    return segment.words


@pytest.mark.parametrize(
    ("noise", "begins"),
    [(0.0, 2.3), (0.03, 2.3), (0.2, 2.0)],  # of the voice; where all is noise, with the chunk
)
def test_the_first_word_begins_where_it_is_heard(noise, begins):
    audio = np.random.default_rng(0).uniform(-10_000, 10_000, 5 * SAMPLE_RATE)
    audio[: round(2.3 * SAMPLE_RATE)] *= noise
    first = Word(word="Hello", start=0.0, end=0.8, score=0.9)
    (word,) = heard_in(audio.astype(np.int16), Speech(2.2, 4.0), first)
    assert (word.start, word.end) == (pytest.approx(begins, abs=0.021), 2.8)


def test_a_first_word_without_length_begins_with_its_chunk():
    audio = np.zeros(5 * SAMPLE_RATE, np.int16)
    (word,) = heard_in(audio, Speech(2.2, 4.0), Word(word="Oh", start=0.0, end=0.01, score=0.9))
    assert word.start == 2.0


def test_times_are_in_milliseconds():
    said = Word(word="word", start=0.51234, end=0.81264, score=0.9)
    (word,) = heard_in(np.zeros(5 * SAMPLE_RATE, np.int16), Speech(2.2, 4.0), said)
    assert (word.start, word.end) == (2.512, 2.813)


def test_words_stay_in_their_chunk():
    late = Word(word="late", start=29.0, end=30.0, score=0.9)
    (word,) = heard_in(np.zeros(5 * SAMPLE_RATE, np.int16), Speech(2.2, 4.0), late)
    assert (word.start, word.end) == (4.18, 4.2)
