"""Answers of /asr in both dialects, from the parameters to the body."""

import json
import math

import pytest

from adapter.asr.dialects import respond
from adapter.asr.parameters import read_parameters
from documents import Segment, Transcript, Word
from pipeline.settings import Settings

WHISPERX = Settings(_env_file=None)
WEBSERVICE = Settings(_env_file=None, asr_dialect="webservice")
TRANSCRIPT = Transcript(
    model="base",
    language="en",
    language_probability=0.98,
    duration=70.0,
    segments=[
        Segment(
            start=6.68,
            end=8.2004,
            text="Hello?\tHi.",
            words=[Word(word="Hello?", start=6.68, end=7.1304, score=0.91234)],
            tokens=[2425, 30],
            temperature=0.2,
            avg_logprob=-0.31,
            compression_ratio=0.9,
            no_speech_prob=0.02,
        ),
        Segment(start=61.5, end=63.0, text="Ünd tschüß."),
    ],
)
SILENCE = Transcript(model="base", language_probability=0.0, duration=70.0)


def answer(settings, accept=None, transcript=TRANSCRIPT, filename="talk.mp3", **query):
    return respond(transcript, read_parameters(query, {}, settings, accept), filename)


def test_whisperx_answers_json_objects_whatever_is_asked_for():
    for output in ("json", "txt", "srt", "vtt", "tsv"):
        for accept in (None, "*/*", "application/json"):
            response = answer(WHISPERX, accept, output=output)
            assert response.headers["content-type"] == "application/json"
            key = {"json": "segments", "txt": "text"}.get(output, output)
            assert key in json.loads(response.body)
    assert "content-disposition" not in response.headers


@pytest.mark.parametrize(
    ("accept", "query", "media_type", "front"),
    [
        ("text/plain", {}, "text/plain", "Hello? Hi. "),
        ("text/vtt", {}, "text/vtt", "WEBVTT\n"),
        ("application/x-subrip", {}, "application/x-subrip", "1\n00:00:06,680 --> "),
        ("text/plain", {"output": "srt"}, "application/x-subrip", "1\n00:00:06,680 --> "),
        ("text/vtt", {"output": "tsv"}, "text/tab-separated-values", "start\tend\t"),
        ("text/vtt", {"output": "json"}, "application/json", "{"),
    ],
)
def test_accept_decides_how_and_output_what(accept, query, media_type, front):
    response = answer(WHISPERX, accept, **query)
    assert response.headers["content-type"].split(";")[0] == media_type
    assert response.body.decode().startswith(front)


def test_the_webservice_answers_plain_text_where_nothing_is_asked_for():
    response = answer(WEBSERVICE)
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.body.decode() == "Hello? Hi.\nÜnd tschüß.\n"
    assert response.headers["content-disposition"] == 'attachment; filename="talk.mp3.txt"'
    assert response.headers["asr-engine"] == "triton-asr"


def test_the_webservice_neither_diarizes_nor_lists_words_unless_asked_to():
    parameters = read_parameters({}, {}, WEBSERVICE)
    assert (parameters.options.diarize, parameters.words) == (False, False)
    # Its segments are sentences, which are cut by the times of words.
    assert (parameters.document, parameters.options.word_timestamps) == ("WORDS", True)
    assert read_parameters({"diarize": "true"}, {}, WEBSERVICE).options.diarize
    assert read_parameters({"enable_diarization": "true"}, {}, WEBSERVICE).options.diarize
    assert read_parameters({"word_timestamps": "1"}, {}, WEBSERVICE).words


def test_accept_has_no_say_with_the_webservice():
    response = answer(WEBSERVICE, "application/json", output="vtt")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.body.startswith(b"WEBVTT\n")


def test_the_webservice_s_tsv_has_milliseconds():
    assert answer(WEBSERVICE, output="tsv").body.decode() == (
        "start\tend\ttext\n6680\t8200\tHello? Hi.\n61500\t63000\tÜnd tschüß.\n"
    )


def test_the_webservice_s_json_is_whisper_s():
    response = answer(WEBSERVICE, output="json")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert "Ünd tschüß." in response.body.decode()
    shape = json.loads(response.body)
    assert list(shape) == ["text", "segments", "language"]
    assert shape["text"] == "Hello? Hi. Ünd tschüß."
    assert shape["language"] == "en"
    assert shape["segments"][0] == {
        "id": 0,
        "seek": 668,
        "start": 6.68,
        "end": 8.2,
        "text": "Hello?\tHi.",
        "tokens": [2425, 30],
        "temperature": 0.2,
        "avg_logprob": -0.31,
        "compression_ratio": 0.9,
        "no_speech_prob": 0.02,
    }
    words = json.loads(answer(WEBSERVICE, output="json", word_timestamps="true").body)
    assert words["segments"][0]["words"] == [
        {"word": "Hello?", "start": 6.68, "end": 7.13, "probability": 0.912}
    ]


def test_the_webservice_s_json_has_speakers_for_speakr():
    spoken = TRANSCRIPT.model_copy(
        update={
            "segments": [TRANSCRIPT.segments[0].model_copy(update={"speaker": "SPEAKER_00"})],
            "speaker_embeddings": {"SPEAKER_00": [0.5, 0.1], "SPEAKER_01": [math.nan, 0.0]},
        }
    )
    shape = json.loads(answer(WEBSERVICE, transcript=spoken, output="json", diarize="1").body)
    assert shape["segments"][0]["speaker"] == "SPEAKER_00"
    assert shape["speaker_embeddings"] == {"SPEAKER_00": [0.5, 0.1]}


def test_a_language_without_spaces_gets_none():
    parts = [Segment(start=0, end=1, text="你好。"), Segment(start=1, end=2, text="再见。")]
    chinese = TRANSCRIPT.model_copy(update={"language": "zh", "segments": parts})
    for settings, output in ((WHISPERX, "txt"), (WEBSERVICE, "json")):
        shape = json.loads(answer(settings, transcript=chinese, output=output).body)
        assert shape["text"] == "你好。再见。"


def test_silence_is_empty_in_every_output():
    assert answer(WEBSERVICE, transcript=SILENCE).body == b""
    shape = json.loads(answer(WEBSERVICE, transcript=SILENCE, output="json").body)
    assert shape == {"text": "", "segments": [], "language": None}
    assert answer(WHISPERX, "text/plain", transcript=SILENCE).body == b""


@pytest.mark.parametrize(
    ("filename", "header"),
    [
        ("a b.wav", "a%20b.wav.txt"),
        ("Встреча.m4a", "%D0%92%D1%81%D1%82%D1%80%D0%B5%D1%87%D0%B0.m4a.txt"),
        ('x"\r\nSet-Cookie: a=b', "x%22%0D%0ASet-Cookie%3A%20a%3Db.txt"),
        ("../../etc/passwd", "..%2F..%2Fetc%2Fpasswd.txt"),
        ("\ud800", "%3F.txt"),
        ("", ".txt"),
    ],
)
def test_what_the_client_calls_its_file_cannot_make_a_header(filename, header):
    response = answer(WEBSERVICE, filename=filename)
    assert response.headers["content-disposition"] == f'attachment; filename="{header}"'
