"""A transcript in OpenAI's shapes."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import pytest

from adapter.openai.events import EventStream, server_sent_events
from adapter.openai.formats import as_diarized_json, as_segmented_json, as_verbose_json
from adapter.openai.parameters import Parameters
from adapter.openai.speakers import letter, with_letters
from documents import Segment, Transcript, Word
from pipeline.errors import Overloaded
from pipeline.options import Options

HELLO = Segment(
    start=1.2345,
    end=2.0,
    text="Hello there.",
    speaker="SPEAKER_00",
    words=[
        Word(word="Hello", start=1.2345, end=1.5, score=0.9),
        Word(word="there.", start=1.5, end=2.0, score=0.9),
    ],
    tokens=[15947, 456, 13],
    temperature=0.2,
    avg_logprob=-0.25,
    compression_ratio=0.7,
    no_speech_prob=0.01,
)
ANSWER = Segment(start=2.5, end=3.0, text="Hi.", speaker="SPEAKER_01")


def transcript(*segments: Segment, language: str | None = "ru") -> Transcript:
    return Transcript(
        model="base",
        language=language,
        language_probability=1.0,
        duration=3.5126,
        segments=list(segments),
    )


def asked(*granularities: str) -> Parameters:
    return Parameters(Options(), "verbose_json", frozenset(granularities), stream=False)


def verbose(transcript: Transcript, *granularities: str) -> dict:
    return as_verbose_json(transcript, asked(*granularities))


def test_verbose_json_has_the_figures_of_the_pipeline():
    shape = verbose(transcript(HELLO, ANSWER), "segment")
    assert (shape["task"], shape["language"], shape["duration"]) == ("transcribe", "russian", 3.513)
    assert shape["text"] == "Hello there. Hi."
    assert shape["usage"] == {"type": "duration", "seconds": 3.513}
    assert shape["segments"][0] == {
        "id": 0,
        "seek": 123,
        "start": 1.234,
        "end": 2.0,
        "text": "Hello there.",
        "tokens": [15947, 456, 13],
        "temperature": 0.2,
        "avg_logprob": -0.25,
        "compression_ratio": 0.7,
        "no_speech_prob": 0.01,
        "speaker": "SPEAKER_00",
    }
    assert "words" not in shape


def test_the_granularities_that_were_asked_for_are_there():
    words = verbose(transcript(HELLO), "word")
    assert words["words"] == [
        {"word": "Hello", "start": 1.234, "end": 1.5},
        {"word": "there.", "start": 1.5, "end": 2.0},
    ]
    assert "segments" not in words
    assert {"words", "segments"} < verbose(transcript(HELLO), "word", "segment").keys()


def test_a_translation_is_in_english():
    translated = transcript(HELLO, ANSWER, language="ja").model_copy(update={"task": "translate"})
    shape = verbose(translated, "segment")
    assert (shape["task"], shape["language"]) == ("translate", "english")
    assert shape["text"] == "Hello there. Hi."


def test_silence_has_no_language():
    assert verbose(transcript(language=None), "segment")["language"] == ""


def test_speakers_have_letters_in_the_order_of_their_numbers():
    late, unknown = (HELLO.model_copy(update={"speaker": s}) for s in ("SPEAKER_02", None))
    shape = as_diarized_json(with_letters(transcript(late, HELLO, unknown, ANSWER, late)))
    assert [segment["speaker"] for segment in shape["segments"]] == ["C", "A", "unknown", "B", "C"]
    assert shape["segments"][1] == {
        "type": "transcript.text.segment",
        "id": "seg_002",
        "start": 1.234,
        "end": 2.0,
        "text": "Hello there.",
        "speaker": "A",
    }
    assert [letter(number) for number in (0, 25, 26, 52)] == ["A", "Z", "AA", "BA"]


def test_a_letter_that_was_given_as_a_name_is_nobody_else_s():
    known = ANSWER.model_copy(update={"speaker": "A"})
    lettered = with_letters(transcript(HELLO, known, HELLO), given=("A", "C"))
    assert [segment.speaker for segment in lettered.segments] == ["B", "A", "B"]
    third = HELLO.model_copy(update={"speaker": "SPEAKER_01"})
    lettered = with_letters(transcript(HELLO, third, known), given=("A", "C"))
    assert [segment.speaker for segment in lettered.segments] == ["B", "D", "A"]


def test_who_has_a_name_keeps_it():
    titled = HELLO.model_copy(update={"speaker": "A"})
    lettered = with_letters(transcript(titled, ANSWER, HELLO))
    assert [segment.speaker for segment in lettered.segments] == ["A", "C", "B"]


def test_voices_and_words_are_called_as_the_segments_are():
    spoken = HELLO.model_copy(
        update={"words": [w.model_copy(update={"speaker": "SPEAKER_00"}) for w in HELLO.words]}
    )
    voices = {"SPEAKER_01": [0.5, 0.25], "SPEAKER_00": [1.0, 0.0], "SPEAKER_07": [0.0, 1.0]}
    heard = transcript(ANSWER, spoken).model_copy(update={"speaker_embeddings": voices})
    shape = verbose(with_letters(heard), "segment", "word")
    assert [segment["speaker"] for segment in shape["segments"]] == ["B", "A"]
    assert [word["speaker"] for word in shape["words"]] == ["A", "A"]
    assert shape["speaker_embeddings"] == {"A": [1.0, 0.0], "B": [0.5, 0.25]}


def test_mistral_s_clients_read_speakers_and_scores_of_segments():
    shape = as_segmented_json(with_letters(transcript(HELLO, ANSWER)), asked("segment"))
    assert (shape["language"], shape["text"], shape["model"]) == ("ru", "Hello there. Hi.", "base")
    assert shape["segments"] == [
        {
            "type": "transcription_segment",
            "text": "Hello there.",
            "start": 1.234,
            "end": 2.0,
            "score": 0.9,
            "speaker_id": "A",
        },
        {
            "type": "transcription_segment",
            "text": "Hi.",
            "start": 2.5,
            "end": 3.0,
            "score": None,
            "speaker_id": "B",
        },
    ]
    assert shape["usage"]["prompt_audio_seconds"] == 4
    assert shape["usage"]["completion_tokens"] == 3
    words = as_segmented_json(transcript(HELLO), asked("word"))["segments"]
    assert [word["text"] for word in words] == ["Hello", "there."]


def events_of(*parts: Transcript | Exception, diarize: bool = False) -> list[dict]:
    parameters = Parameters(Options(diarize=diarize), "json", frozenset(), stream=True)

    async def heard() -> AsyncIterator[Transcript]:
        for part in parts:
            if isinstance(part, Exception):
                raise part
            yield part

    async def collect() -> list[str]:
        return [event async for event in server_sent_events(heard(), parameters)]

    events = []
    for text in asyncio.run(collect()):
        kind, data, *end = text.split("\n")
        assert end == ["", ""]
        events.append(json.loads(data.removeprefix("data: ")))
        assert kind == f"event: {events[-1]['type']}"
    return events


def test_deltas_add_up_to_the_text():
    *deltas, done = events_of(transcript(HELLO), transcript(ANSWER))
    assert [event["type"] for event in deltas] == ["transcript.text.delta"] * 2
    assert done == {"type": "transcript.text.done", "text": "Hello there. Hi."}
    assert "".join(event["delta"] for event in deltas) == done["text"]


def test_a_stream_of_speakers_has_segments():
    first, second, done = events_of(transcript(HELLO, ANSWER), diarize=True)
    assert (first["speaker"], second["speaker"]) == ("A", "B")
    assert first["type"] == "transcript.text.segment"
    assert done["text"] == "Hello there. Hi."


def test_silence_is_done_at_once():
    assert events_of() == [{"type": "transcript.text.done", "text": ""}]


def test_a_late_failure_is_the_last_event_and_an_early_one_is_raised():
    delta, error = events_of(transcript(HELLO), Overloaded("too much"))
    assert delta["delta"] == "Hello there."
    assert error["type"] == "error"
    assert error["error"]["type"] == "server_error"
    assert "too much" in error["error"]["message"]
    with pytest.raises(Overloaded):
        events_of(Overloaded("too much"))


def test_events_are_sent_and_all_that_they_hold_is_let_go():
    sent, let_go = [], []

    async def others() -> AsyncIterator[str]:
        yield "second"
        assert not let_go

    async def receive() -> dict:
        await asyncio.sleep(600)
        return {}

    async def send(message: dict) -> None:
        sent.append(message)

    async def run() -> None:
        held = contextlib.AsyncExitStack()
        held.callback(let_go.append, True)
        await EventStream("first", others(), held)({"type": "http"}, receive, send)

    asyncio.run(run())
    assert b"".join(message.get("body", b"") for message in sent) == b"firstsecond"
    assert (b"content-type", b"text/event-stream; charset=utf-8") in sent[0]["headers"]
    assert let_go == [True]
