"""A language is told from the first half minute of speech, by the encoder alone."""

import numpy as np
import pytest

from pipeline.audio import SAMPLE_RATE
from pipeline.errors import InvalidRequest
from pipeline.leaf_documents import ChunkTranscript
from pipeline.options import Options
from pipeline.settings import read_settings
from pipeline.transcription.recognition import Chunk, Recogniser
from pipeline.transcription.transcribe import detect_language
from pipeline.transcription.voice_activity import VoiceActivityDetector
from pipeline.weights import whisper_folder
from tests.cores import CORES
from tests.futures import done

DETECTOR = VoiceActivityDetector()


class Listener:
    """Hears English in every chunk, and a little Welsh; notes what it was asked."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []

    def __call__(self, chunk: Chunk):
        self.chunks.append(chunk)
        heard = {"en": 0.9, "cy": 0.1}
        return done(
            ChunkTranscript(
                language="en",
                language_probabilities=heard,
                text="",
                avg_logprob=0.0,
                compression_ratio=0.0,
                no_speech_prob=0.0,
            )
        )


def detect(audio: np.ndarray, listener: Listener):
    return detect_language(audio, Options(language="de"), DETECTOR, listener, "base")


def test_half_a_minute_of_speech_is_heard_and_no_more(sample_audio):
    listener = Listener()
    transcript = detect(np.tile(sample_audio, 8), listener)
    assert transcript.language == "en"
    assert transcript.language_probability == pytest.approx(0.9)
    assert transcript.segments == []
    heard = [len(chunk.audio) / SAMPLE_RATE for chunk in listener.chunks]
    assert sum(heard[:-1]) < 30 <= sum(heard)
    asked = {(chunk.options.language, chunk.options.detect_language) for chunk in listener.chunks}
    assert asked == {(None, True)}


def test_where_nobody_speaks_there_is_no_language():
    listener = Listener()
    assert detect(np.zeros(5 * SAMPLE_RATE, np.int16), listener).language is None
    assert listener.chunks == []


@pytest.fixture(scope="module")
def introduction(sample_audio) -> np.ndarray:
    """«This is Diane in New Jersey.» «And I'm Sheila in Texas, originally from Chicago.»"""
    return sample_audio[int(12.4 * SAMPLE_RATE) : int(18.0 * SAMPLE_RATE)]


def test_whisper_tells_the_language_and_writes_nothing(introduction):
    recogniser = Recogniser(whisper_folder("base", read_settings()), "cpu", "int8", cores=CORES)
    asked = Options(detect_language=True)
    recogniser.check(asked)
    answer, noise = recogniser.detect(
        [Chunk(introduction, asked), Chunk(np.zeros(SAMPLE_RATE, np.int16), asked)]
    )
    assert answer.language == "en"
    assert answer.language_probabilities["en"] > 0.9
    assert (answer.text, answer.tokens, answer.words) == ("", [], [])
    assert noise.language_probabilities != answer.language_probabilities


def test_a_whisper_of_one_language_does_not_pretend():
    english = Recogniser(whisper_folder("tiny.en", read_settings()), "cpu", "int8", cores=CORES)
    with pytest.raises(InvalidRequest, match=r"model.*English only"):
        english.check(Options(detect_language=True))
