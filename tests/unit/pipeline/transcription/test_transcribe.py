"""A recording becomes segments in order, in one language."""

import time
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest

from pipeline.audio import SAMPLE_RATE
from pipeline.errors import PipelineError
from pipeline.options import Options
from pipeline.transcription import transcribe as transcription
from pipeline.transcription.chunking import Chunk
from pipeline.transcription.transcribe import (
    FIRST_VOTERS,
    detect_language,
    transcribe,
    transcribe_in_parts,
)
from pipeline.transcription.voice_activity import VoiceActivityDetector
from tests.futures import failed
from tests.unit.pipeline.transcription.stand_ins import Listener, Speech
from tests.waiting import until

DETECTOR = VoiceActivityDetector()


@pytest.fixture(scope="module")
def conversation(sample_audio) -> np.ndarray:
    return np.tile(sample_audio, 4)


def test_segments_are_in_order_and_in_the_time_of_the_recording(conversation):
    transcript = transcribe(conversation, Options(language="en"), DETECTOR, Listener(), "base")
    assert [s.text for s in transcript.segments] == [
        f"chunk {n} in en" for n in range(1, len(transcript.segments) + 1)
    ]
    assert len(transcript.segments) >= 4
    for segment in transcript.segments:
        assert segment.words[0].start == pytest.approx(segment.start + 0.5, abs=0.002)
    assert transcript.duration == len(conversation) / SAMPLE_RATE


def test_a_chunk_knows_when_somebody_speaks_in_it():
    asked: list[Chunk] = []

    def recognise(chunk: Chunk) -> Future:
        asked.append(chunk)
        return Listener()(chunk)

    audio = np.zeros(70 * SAMPLE_RATE, np.int16)
    speech = Speech(0.5, 12, 12.5, 29, 40, 41.5, 43, 60)
    transcribe(audio, Options(language="en"), speech, recognise, "base")
    first, second = (np.array(chunk.speech) for chunk in asked)
    assert first == pytest.approx(np.array([[0.2, 11.7], [12.2, 28.7]]))
    assert second == pytest.approx(np.array([[0.2, 1.7], [3.2, 20.2]]))


def test_the_majority_decides_and_only_the_others_are_asked_again(conversation):
    listener = Listener("en", "cy", "en", "en", "en")
    transcript = transcribe(conversation, Options(), DETECTOR, listener, "base")
    assert transcript.language == "en"
    assert 0.5 < transcript.language_probability < 0.9
    again = [options for options in listener.asked if options.language == "en"]
    assert len(again) == 1
    assert all(segment.text.endswith("in en") for segment in transcript.segments)


def test_a_chunk_that_cannot_change_the_language_holds_up_nobody(conversation, monkeypatch):
    monkeypatch.setattr(transcription, "VOTERS", 3)
    listener, slow = Listener("en", "cy", "en"), Future()

    def recognise(chunk: Chunk) -> Future:
        answer = listener(chunk)
        if len(listener.asked) != 2:
            return answer
        slow.answer = answer.result()
        return slow

    with ThreadPoolExecutor(1) as thread:
        asked = (conversation, Options(), DETECTOR, recognise, "base")
        transcript = thread.submit(transcribe, *asked)
        until(lambda: len(listener.asked) > 3)  # those after the vote
        assert {options.language for options in listener.asked[3:]} == {"en"}
        slow.set_result(slow.answer)
        transcript = transcript.result(10)
    assert all(segment.text.endswith("in en") for segment in transcript.segments)
    assert transcript.language_probability < 0.9  # its vote counts all the same


def test_where_nobody_speaks_no_language_is_heard(conversation):
    listener = Listener("nn", "en", "nn", "nn")
    listener.silent = {"nn"}
    transcript = transcribe(conversation, Options(), DETECTOR, listener, "base")
    assert transcript.language == "en"
    assert transcript.language_probability == pytest.approx(0.9)
    listener = Listener("nn")
    listener.silent = {"nn"}
    transcript = transcribe(conversation, Options(), DETECTOR, listener, "base")
    assert (transcript.language, transcript.language_probability) == (None, 0.0)
    assert transcript.segments == []


def test_a_language_that_was_asked_for_is_not_detected(conversation):
    listener = Listener("en")
    transcript = transcribe(conversation, Options(language="de"), DETECTOR, listener, "base")
    assert transcript.language == "de"
    assert transcript.language_probability == 1.0
    assert {options.language for options in listener.asked} == {"de"}


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (Options(), True),
        (Options(word_timestamps=False), True),  # diarization needs them
        (Options(word_timestamps=False, diarize=False), False),
    ],
)
def test_words_are_only_asked_for_where_somebody_needs_them(conversation, options, wanted):
    listener = Listener()
    transcribe(conversation, options, DETECTOR, listener, "base")
    assert {asked.word_timestamps for asked in listener.asked} == {wanted}


def test_half_a_minute_of_speech_tells_the_language():
    listener = Listener("en", "cy")
    audio = np.zeros(70 * SAMPLE_RATE, np.int16)
    heard = detect_language(audio, Options(), Speech(0.2, 29.8, 40, 60), listener, "base")
    assert (heard.language, heard.segments, heard.duration) == ("en", [], 70.0)
    assert heard.language_probability == pytest.approx(0.9)
    assert [(asked.detect_language, asked.language) for asked in listener.asked] == [(True, None)]
    listener = Listener("en", "cy")
    heard = detect_language(audio, Options(), Speech(0.2, 29.7, 40, 60), listener, "base")
    assert len(listener.asked) == 2
    assert heard.language == "en"


def test_silence_gives_no_segments_and_asks_nobody():
    listener = Listener()
    silence = np.zeros(20 * SAMPLE_RATE, np.int16)
    transcript = transcribe(silence, Options(), DETECTOR, listener, "base")
    assert transcript.segments == []
    assert transcript.language is None
    assert listener.asked == []


def test_a_chunk_that_fails_fails_its_recording(conversation):
    def fail(_: Chunk):
        return failed(PipelineError("out of memory"))

    with pytest.raises(PipelineError, match="out of memory"):
        transcribe(conversation, Options(language="en"), DETECTOR, fail, "base")


def in_parts(audio: np.ndarray, options: Options, recognise):
    return transcribe_in_parts(audio, options, DETECTOR, recognise, "base")


def test_in_parts_it_is_the_same_transcript(conversation):
    options = Options(language="en")
    whole = transcribe(conversation, options, DETECTOR, Listener(), "base")
    *parts, last = in_parts(conversation, options, Listener())
    assert [part.segments for part in parts] == [[segment] for segment in whole.segments]
    assert last == whole.model_copy(update={"segments": []})


def test_a_chunk_without_words_is_no_part(conversation):
    listener = Listener("en", "nn", "en")
    listener.silent = {"nn"}
    whole = transcribe(conversation, Options(language="en"), DETECTOR, listener, "base")
    again = Listener("en", "nn", "en")
    again.silent = {"nn"}
    *parts, _ = in_parts(conversation, Options(language="en"), again)
    assert [part.segments[0].text for part in parts] == [each.text for each in whole.segments]
    assert all(each.text for each in whole.segments)


def test_a_part_is_told_before_the_next_chunk_is_heard(conversation):
    futures: list[Future] = []

    def recognise(chunk: Chunk) -> Future:
        futures.append(Future())
        return futures[-1]

    parts = in_parts(conversation, Options(language="en"), recognise)
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(next, parts)
        while len(futures) < 3:
            time.sleep(0.01)
        assert not first.done()
        futures[1].set_result(Listener()(Chunk(conversation, Options(language="en"))).result())
        futures[0].set_result(Listener()(Chunk(conversation, Options(language="en"))).result())
        assert first.result(10).segments[0].start < 10
        assert not futures[2].done()
        assert thread.submit(next, parts).result(10).segments[0].start > 10


def test_few_chunks_decide_on_the_language_of_the_parts(conversation):
    listener = Listener("en", "cy", "en")
    parts = list(in_parts(conversation, Options(), listener))
    assert {part.language for part in parts} == {"en"}
    assert [options.language for options in listener.asked[:3]] == [None] * FIRST_VOTERS
    assert all(part.segments[0].text.endswith("in en") for part in parts[:-1])


def test_silence_in_parts_is_one_without_segments():
    (part,) = in_parts(np.zeros(20 * SAMPLE_RATE, np.int16), Options(), Listener())
    assert (part.segments, part.language, part.duration) == ([], None, 20.0)
