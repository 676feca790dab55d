"""Speakr's connectors for OpenAI's API and its likes, request by request as they make them."""

import httpx
import openai
import pytest

from tests.clients import connectors


@pytest.fixture(scope="module")
def client(service):
    with openai.OpenAI(
        base_url=f"{service.base_url}/v1", api_key="any", max_retries=0, timeout=300
    ) as client:
        yield client


def speaker_of(words: str, lines: list[connectors.Line]) -> str:
    (speaker,) = {line.speaker for line in lines if words in line.text}
    return speaker


def test_openasr_reads_speakers_from_the_segments(service, clip):
    heard = connectors.openasr(service.base_url, clip, language="en", prompt="A call.")
    assert {line.speaker for line in heard.lines} == {"A", "B"}
    assert speaker_of("know you were there", heard.lines) == heard.lines[0].speaker  # «Hello?»
    assert " ".join(line.text for line in heard.lines) == heard.text
    assert heard.language == "english"


def test_mistral_reads_speakers_and_scores_from_the_segments(service, clip):
    heard = connectors.mistral(service.base_url, clip, hotwords=["Diane", "Sheila"])
    assert {line.speaker for line in heard.lines} == {"A", "B"}
    assert speaker_of("know you were there", heard.lines) == heard.lines[0].speaker  # «Hello?»
    assert all(0 < line.confidence <= 1 for line in heard.lines)
    assert " ".join(line.text for line in heard.lines) == heard.text
    assert heard.language == "en"


def test_words_have_speakers_and_voices_come_where_they_are_asked_for(client, clip):
    transcript = client.audio.transcriptions.create(
        file=clip,
        model="whisper-1",
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
        extra_body={"diarize": True, "num_speakers": 2, "return_speaker_embeddings": True},
    )
    assert {word.speaker for word in transcript.words} == {"A", "B"}
    assert [segment.speaker for segment in transcript.segments][:1] == ["A"]
    assert transcript.speaker_embeddings.keys() == {"A", "B"}
    assert transcript.speaker_embeddings["A"] != transcript.speaker_embeddings["B"]


def test_openai_whisper_reads_the_text(client, clip):
    text = connectors.openai_whisper(client, clip, "en", "A call. Diane, Sheila")
    assert "know you were there" in text


@pytest.mark.parametrize(
    ("looked_for", "expected"),
    [
        ("whisper", {"whisper-1", "whisper-base", "whisper-large-v3"}),
        ("transcribe", {"gpt-4o-transcribe-diarize"}),
        ("voxtral", {"voxtral-mini-latest"}),
    ],
)
def test_each_connector_finds_models_in_the_list(service, looked_for, expected):
    models = httpx.get(f"{service.base_url}/v1/models").json()["data"]
    assert expected <= {model["id"] for model in models if looked_for in model["id"]}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"diarize": "perhaps"}, "diarize"),
        ({"diarize": "true", "response_format": "text"}, "diarize"),
        ({"return_speaker_embeddings": "true"}, "return_speaker_embeddings"),
        ({"timestamp_granularities": "letter"}, "timestamp_granularities[]"),
        ({"model": "voxtral-small-latest"}, "model"),
    ],
)
def test_what_cannot_be_done_is_named_in_openai_s_shape(service, clip, fields, field):
    answer = httpx.post(
        f"{service.base_url}/v1/audio/transcriptions",
        files={"file": clip.read_bytes()},
        data=fields,
    )
    assert answer.status_code == (404 if field == "model" else 400)
    error = answer.json()["error"]
    assert (error["param"], error["type"]) == (field, "invalid_request_error")
    assert error["message"].startswith(f"{field}: ")
