"""The whole path on real speech: what was said, who said it, and when."""

import httpx
import numpy as np
import pytest
import tritonclient.grpc as triton
import tritonclient.http as http

from client.triton import TritonClient
from pipeline.documents import Turns
from tests.clients.asking import post
from tests.speech.scoring import (
    STOCK_DER,
    diarization_error_rate,
    read_rttm,
    read_stm,
    word_error_rate,
    words_in_their_utterance,
)
from tests.waiting import until


@pytest.mark.words
def test_the_words_are_those_that_were_said(conversation, sample):
    said = " ".join(utterance.text for utterance in read_stm(sample.with_suffix(".stm")))
    heard = " ".join(segment["text"] for segment in conversation["segments"])
    assert conversation["language"] == "en"
    assert word_error_rate(said, heard) <= 0.19


@pytest.mark.words
def test_the_speakers_are_the_two_who_spoke(conversation, sample):
    assert {segment["speaker"] for segment in conversation["segments"]} == {
        "SPEAKER_00",
        "SPEAKER_01",
    }
    speaker_of = {}
    for utterance in read_stm(sample.with_suffix(".stm")):
        for word in conversation["word_segments"]:
            if utterance.start <= (word["start"] + word["end"]) / 2 <= utterance.end:
                speaker_of.setdefault(utterance.speaker, []).append(word["speaker"])
    for name, other in (("Diane", "Sheila"), ("Sheila", "Diane")):
        speaker = max(speaker_of[name], key=speaker_of[name].count)
        assert speaker_of[name].count(speaker) / len(speaker_of[name]) >= 0.9
        assert speaker_of[other].count(speaker) / len(speaker_of[other]) <= 0.1


def test_each_speaker_of_the_transcript_has_a_voice_and_nobody_else(conversation):
    named = list(dict.fromkeys(segment["speaker"] for segment in conversation["segments"]))
    assert named == ["SPEAKER_00", "SPEAKER_01"]
    voices = conversation["speaker_embeddings"]
    assert list(voices) == named
    vectors = np.array(list(voices.values()))
    assert vectors.shape == (2, 192)
    assert np.isfinite(vectors).all()
    assert vectors.any(axis=1).all()


def test_turns_are_those_of_the_reference(service, sample, sample_audio):
    with triton.InferenceServerClient(service.triton_grpc) as client:
        audio = triton.InferInput("AUDIO", [1, len(sample_audio)], "INT16")
        audio.set_data_from_numpy(sample_audio[None])
        result = client.infer("asr", [audio], outputs=[triton.InferRequestedOutput("TURNS")])
    turns = Turns.model_validate_json(result.as_numpy("TURNS").tobytes()).turns
    reference = read_rttm(sample.with_suffix(".rttm"))
    error = diarization_error_rate(reference, [turn.model_dump() for turn in turns])
    assert error <= STOCK_DER + 0.005
    assert len({turn.speaker for turn in turns}) == 2


@pytest.mark.words
def test_words_are_where_they_were_said(conversation, sample):
    inside, matched = words_in_their_utterance(
        read_stm(sample.with_suffix(".stm")), conversation["word_segments"], tolerance=0.3
    )
    assert matched >= 60
    assert inside / matched >= 0.9


def test_the_shape_is_the_references(conversation):
    assert conversation["text"] == conversation["segments"]
    assert conversation["word_segments"] == [
        word for segment in conversation["segments"] for word in segment["words"]
    ]
    end = 0.0
    for segment in conversation["segments"]:
        assert {"start", "end", "text", "speaker", "words"} <= set(segment)
        assert segment["text"].split() == [word["word"] for word in segment["words"]]
        assert segment["start"] <= segment["words"][0]["start"]
        for word in segment["words"]:
            assert set(word) == {"word", "start", "end", "score", "speaker"}
            assert 0.0 <= word["score"] <= 1.0
            assert word["start"] < word["end"]
            assert word["start"] >= end - 0.5
            end = word["end"]


def test_without_words_and_speakers_the_text_is_the_same(conversation, in_one_piece):
    transcript = in_one_piece
    assert transcript["word_segments"] == []
    assert all("speaker" not in segment for segment in transcript["segments"])
    assert " ".join(s["text"] for s in transcript["segments"]) == " ".join(
        s["text"] for s in conversation["segments"]
    )


def executions(service, model: str) -> int:
    """How many requests the model has answered so far."""
    client = http.InferenceServerClient(service.triton_http)
    (statistics,) = client.get_inference_statistics(model)["model_stats"]
    return int(statistics["inference_stats"]["success"]["count"])


@pytest.mark.parametrize(
    ("query", "spared"),
    [
        ({"diarize": "false"}, ("diarization", "attribution")),
        (
            {"diarize": "false", "word_timestamps": "false"},
            ("diarization", "attribution", "alignment"),
        ),
    ],
)
def test_what_nobody_asked_for_is_not_run(service, sample, query, spared):
    models = ("transcription", "alignment", "diarization", "attribution")
    before = {model: executions(service, model) for model in models}
    assert post(service, sample, **query).status_code == httpx.codes.OK

    def ran() -> set[str]:
        return {model for model in models if executions(service, model) > before[model]}

    until(lambda: ran() >= set(models) - set(spared))  # Triton counts after it has answered
    assert not ran().intersection(spared)


def test_another_whisper_is_loaded_when_a_request_names_it(service, sample, conversation):
    transcript = post(service, sample, model="tiny.en", diarize="false").json()
    assert transcript["model"] == "tiny.en"
    assert transcript["language"] == "en"
    said = " ".join(utterance.text for utterance in read_stm(sample.with_suffix(".stm")))
    heard = " ".join(segment["text"] for segment in transcript["segments"])
    assert word_error_rate(said, heard) <= 0.35
    assert heard != " ".join(segment["text"] for segment in conversation["segments"])
    assert conversation["model"] == "base"


def test_any_triton_client_gets_what_the_adapter_gives(service, sample, conversation):
    with TritonClient(service.triton_grpc) as client:
        transcript = client.transcribe(sample)
    assert [segment.text for segment in transcript.segments] == [
        segment["text"] for segment in conversation["segments"]
    ]
    assert [segment.speaker for segment in transcript.segments] == [
        segment["speaker"] for segment in conversation["segments"]
    ]


def test_ctc_and_attention_give_the_same_words(conversation, timed_by_ctc):
    by_ctc = timed_by_ctc["word_segments"]
    by_attention = conversation["word_segments"]
    assert [word["word"] for word in by_ctc] == [word["word"] for word in by_attention]
    # The network is a small random one: its times are its own, but inside the chunk.
    assert [word["start"] for word in by_ctc] != [word["start"] for word in by_attention]
    assert all(6.0 <= word["start"] <= word["end"] <= 30.0 for word in by_ctc)


def test_a_length_that_is_no_second_is_heard_out(service, tmp_path):
    """The last, short chunk of a recording is not lost."""
    import wave

    path = tmp_path / "short.wav"
    with wave.open(str(path), "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(16_000)
        recording.writeframes(np.zeros(700, np.int16).tobytes())
    response = post(service, path)
    assert response.status_code == httpx.codes.OK
    assert response.json()["segments"] == []
