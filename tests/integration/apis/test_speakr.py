"""Speakr with the running service: what it sends, and what it reads."""

import re
from urllib.parse import quote

import httpx
import pytest

from adapter.serve import transcribe_sample
from pipeline.settings import Settings
from tests.clients.speakr import Line, Refused, Speakr
from tests.services.adapter_thread import adapter_before, running_adapter
from tests.services.ports import free_ports
from tests.speech.scoring import read_stm, word_error_rate

KEY = "the-key-of-speakr/2:+%"


@pytest.fixture(scope="module")
def speakr(service, sample) -> tuple[Speakr, list[Line]]:
    """The connector after one meeting with everything that it can ask for, and what it read."""
    connector = Speakr(service.base_url, return_speaker_embeddings=True)
    reading = connector.transcribe(
        sample,
        language="en",
        min_speakers=2,
        max_speakers=3,
        initial_prompt="A phone call.",
        hotwords="Diane, Sheila",
        model="base",
    )
    return connector, reading


def test_the_request_field_by_field(speakr):
    sent = speakr[0].sent
    assert (sent.method, sent.url.path) == ("POST", "/asr")
    assert sent.url.params.multi_items() == [
        ("encode", "true"),
        ("task", "transcribe"),
        ("output", "json"),
        ("language", "en"),
        ("diarize", "true"),
        ("enable_diarization", "true"),
        ("return_speaker_embeddings", "true"),
        ("min_speakers", "2"),
        ("max_speakers", "3"),
        ("initial_prompt", "A phone call."),
        ("hotwords", "Diane, Sheila"),
        ("model", "base"),
    ]
    assert sent.headers["accept"] == "*/*"
    assert sent.headers["content-type"].startswith("multipart/form-data; boundary=")


def test_who_said_what_as_speakr_reads_it(speakr, sample):
    reading = speakr[1]
    assert reading.language == "en"
    assert {line.speaker for line in reading.lines} == {"SPEAKER_00", "SPEAKER_01"}
    said = " ".join(utterance.text for utterance in read_stm(sample.with_suffix(".stm")))
    assert word_error_rate(said, " ".join(line.text for line in reading.lines)) <= 0.25
    assert all(0 <= line.start < line.end <= 30 for line in reading.lines)
    starts = [line.start for line in reading.lines]
    assert starts == sorted(starts)
    # WhisperX's text is a list, which Speakr leaves aside to write its own.
    assert reading.text.startswith("[SPEAKER_00]: ")
    assert len(reading.text.splitlines()) == len(reading.lines)


def test_voices_are_sent_as_they_are_and_speakr_leaves_those_aside_that_are_no_256(speakr):
    voices = speakr[1].voices
    assert set(voices) == {"SPEAKER_00", "SPEAKER_01"}
    assert {len(voice) for voice in voices.values()} == {192}  # ECAPA, not community-1
    assert speakr[1].profiles == {}


def test_its_probes(service):
    assert httpx.get(f"{service.base_url}/health", timeout=60).status_code == 200
    assert httpx.get(f"{service.base_url}/health", timeout=60).json()["diarization"] == "ungated"
    assert Speakr(service.base_url).is_alive()
    (port,) = free_ports(1)
    with running_adapter(Settings(_env_file=None, triton_grpc_port=port, api_key=KEY)) as url:
        assert httpx.get(f"{url}/health", timeout=60).status_code == 503
        assert Speakr(url).is_alive()  # by /, and without a key
    assert not Speakr(f"http://127.0.0.1:{port}").is_alive()


def test_the_models_that_it_offers(service):
    assert Speakr(service.base_url).models()[:2] == [("base", "Systran"), ("whisper-1", "Systran")]
    with adapter_before(
        service.triton_grpc, models="tiny.en,base", preload_model="base", api_key=KEY
    ) as url:
        offered = Speakr(url.replace("://", f"://speakr:{quote(KEY, safe='')}@")).models()
        names = {name for name, _ in offered}
        assert {"base", "whisper-base", "tiny.en", "whisper-tiny.en", "whisper-1"} <= names
        assert not {"small", "whisper-small"} & names
        with pytest.raises(httpx.HTTPStatusError, match="401"):
            Speakr(url).models()


def test_the_webservice_s_dialect_reads_the_same(service, clip, speakr):
    with adapter_before(service.triton_grpc, asr_dialect="webservice") as url:
        reading = Speakr(url).transcribe(clip)
        files = {"audio_file": (clip.name, clip.read_bytes())}
        text = httpx.post(f"{url}/asr", files=files, timeout=300)
    assert {line.speaker for line in reading.lines} == {"SPEAKER_00", "SPEAKER_01"}
    assert reading.language == "en"
    assert reading.text == " ".join(line.text for line in reading.lines)
    # And whoever asks for nothing gets lines of plain text.
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert word_error_rate(reading.text, " ".join(text.text.split())) <= 0.1


def test_bazarr_gets_subtitles_of_bare_pcm(service, sample, sample_audio):
    with adapter_before(service.triton_grpc, asr_dialect="webservice") as url:
        answer = httpx.post(
            f"{url}/asr",
            params={"task": "transcribe", "language": "en", "output": "srt", "encode": "false"},
            files={"audio_file": sample_audio.astype("<i2").tobytes()},
            timeout=300,
        )
    cues = re.findall(r"\d+\n(\S+) --> \S+\n((?:.+\n)+)", answer.text)
    assert cues[0][0].startswith("00:00:0")
    said = " ".join(utterance.text for utterance in read_stm(sample.with_suffix(".stm")))
    assert word_error_rate(said, " ".join(text for _, text in cues)) <= 0.25


def test_a_key_in_its_url(service, clip):
    with adapter_before(service.triton_grpc, api_key=f"another-key-for-others,{KEY}") as url:
        secret = str(httpx.URL(url, username="speakr", password=KEY))
        reading = Speakr(secret, diarize=False).transcribe(clip)
        assert {line.speaker for line in reading.lines} == {"UNKNOWN_SPEAKER"}
        with pytest.raises(Refused) as refused:
            Speakr(url).transcribe(clip)
        assert (refused.value.status, refused.value.kind) == (401, "auth")
        assert refused.value.final
        assert "http://user:KEY@host" in refused.value.shown
        with pytest.raises(Refused) as refused:
            Speakr(secret.replace("speakr:", "speakr:x")).transcribe(clip)
        assert (refused.value.status, refused.value.kind) == (401, "auth")
        assert KEY not in refused.value.shown
        # The launcher proves the service with a key of its own.
        transcribe_sample(url, Settings(_env_file=None, api_key=KEY))
