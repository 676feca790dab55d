"""The shapes in which a transcript leaves the service."""

import json
import math

import pytest

from adapter.formats.transcripts import clock, encoded, render
from documents import Segment, Transcript, Word

WORDS = [
    Word(word="Hello?", start=6.7, end=7.1304, score=0.91234, speaker="SPEAKER_00"),
    Word(word="Hi.", start=8.0, end=8.2, score=0.5, speaker="SPEAKER_00"),
]
TRANSCRIPT = Transcript(
    model="base",
    language="en",
    language_probability=0.98765,
    duration=3700.0,
    segments=[
        Segment(
            start=6.7,
            end=8.2,
            text="Hello? Hi.",
            words=WORDS,
            speaker="SPEAKER_00",
            tokens=[2425, 30, 2421, 13],
            temperature=0.0,
            avg_logprob=-0.300049,
            compression_ratio=0.5556,
            no_speech_prob=0.01,
        ),
        Segment(start=3661.9996, end=3663.0624, text="Oh\thello,\nWorld."),
    ],
)
SILENCE = Transcript(model="base", language="en", language_probability=0.1, duration=10.0)


def test_json_is_what_whisperx_users_know():
    shape = render(TRANSCRIPT, "json")
    assert shape["text"] == shape["segments"]
    assert shape["language"] == "en"
    first, second = shape["segments"]
    words = [
        {"word": "Hello?", "start": 6.7, "end": 7.13, "score": 0.912, "speaker": "SPEAKER_00"},
        {"word": "Hi.", "start": 8.0, "end": 8.2, "score": 0.5, "speaker": "SPEAKER_00"},
    ]
    assert first == {
        "start": 6.7,
        "end": 8.2,
        "text": "Hello? Hi.",
        "words": words,
        "speaker": "SPEAKER_00",
        "tokens": [2425, 30, 2421, 13],
        "temperature": 0.0,
        "avg_logprob": -0.3,
        "compression_ratio": 0.5556,
        "no_speech_prob": 0.01,
    }
    assert shape["word_segments"] == words
    assert second == {"start": 3662.0, "end": 3663.062, "text": "Oh\thello,\nWorld."}
    assert "speaker_embeddings" not in shape


def test_who_speaks_is_only_said_where_it_is_known():
    alone = WORDS[0].model_copy(update={"speaker": None})
    segment = Segment(start=6.7, end=7.2, text="Hello?", words=[alone])
    (shape,) = render(TRANSCRIPT.model_copy(update={"segments": [segment]}), "json")["segments"]
    assert shape.keys() == {"start", "end", "text", "words"}
    assert shape["words"][0].keys() == {"word", "start", "end", "score"}


def test_silence_is_a_transcript_without_segments():
    shape = render(SILENCE, "json")
    assert (shape["text"], shape["segments"], shape["word_segments"]) == ([], [], [])
    assert render(SILENCE, "text") == {"text": ""}
    assert render(SILENCE, "vtt") == {"vtt": "WEBVTT\n"}


def test_voices_that_are_no_voices_are_left_out():
    voices = {
        "SPEAKER_00": [0.5, -0.5],
        "SPEAKER_01": [0.0, 0.0],
        "SPEAKER_02": [math.nan, 1.0],
        "SPEAKER_03": [math.inf, 1.0],
        "SPEAKER_04": [],
    }
    shape = render(TRANSCRIPT.model_copy(update={"speaker_embeddings": voices}), "json")
    assert shape["speaker_embeddings"] == {"SPEAKER_00": [0.5, -0.5]}


def test_no_number_is_ever_nan():
    word = Word(word="Hm.", start=0.0, end=math.inf, score=math.nan)
    segment = Segment(start=0.0, end=1.0, text="Hm.", words=[word], avg_logprob=-math.inf)
    shape = render(TRANSCRIPT.model_copy(update={"segments": [segment]}), "json")
    assert json.loads(json.dumps(shape, allow_nan=False))["word_segments"][0]["score"] is None


def test_text():
    assert render(TRANSCRIPT, "text") == {"text": "Hello? Hi. Oh hello, World."}


def test_text_has_the_spaces_of_its_language():
    segments = [Segment(start=0, end=1, text=text) for text in ("こんにちは。", "はい。")]
    japanese = TRANSCRIPT.model_copy(update={"segments": segments, "language": "ja"})
    assert render(japanese, "text") == {"text": "こんにちは。はい。"}
    translated = japanese.model_copy(update={"task": "translate"})
    assert render(translated, "text") == {"text": "こんにちは。 はい。"}


def test_srt():
    assert render(TRANSCRIPT, "srt")["srt"] == (
        "1\n00:00:06,700 --> 00:00:08,200\n[SPEAKER_00] Hello? Hi.\n"
        "\n2\n01:01:02,000 --> 01:01:03,062\nOh hello, World.\n"
    )


def test_vtt():
    assert render(TRANSCRIPT, "vtt")["vtt"].startswith(
        "WEBVTT\n\n00:00:06.700 --> 00:00:08.200\n<v SPEAKER_00>Hello? Hi.\n\n01:01:02.000"
    )


def test_tsv_has_four_cells_in_each_row_whatever_the_text_holds():
    header, *rows = render(TRANSCRIPT, "tsv")["tsv"].split("\n")
    assert header == "start\tend\ttext\tspeaker"
    assert [row.split("\t") for row in rows] == [
        ["6.7", "8.2", "Hello? Hi.", "SPEAKER_00"],
        ["3662.0", "3663.062", "Oh hello, World.", ""],
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "00:00:00,000"),
        (59.9996, "00:01:00,000"),
        (3599.9999, "01:00:00,000"),
        (86_400.5, "24:00:00,500"),
    ],
)
def test_clock_never_shows_sixty(seconds, text):
    assert clock(seconds, ",") == text


def test_json_is_written_in_pieces_that_are_what_one_would_be(monkeypatch):
    many = TRANSCRIPT.model_copy(update={"segments": TRANSCRIPT.segments * 100})
    shape = render(many, "json") | {"speaker_embeddings": {"A": [0.5, 1e-9]}, "usage": {}, "x": []}
    encode, sizes = json.JSONEncoder.encode, []

    def measured(encoder: json.JSONEncoder, value: object) -> str:
        text = encode(encoder, value)
        sizes.append(len(text))
        return text

    whole = json.dumps(shape, ensure_ascii=False)
    monkeypatch.setattr(json.JSONEncoder, "encode", measured)
    assert encoded(shape, (", ", ": ")).decode() == whole
    assert max(sizes) < len(whole) / 100
    assert json.loads(encoded(shape)) == shape
    assert encoded({"text": "Grüße"}) == '{"text":"Grüße"}'.encode()
