"""Speakr with the running service: what it sends, what it reads, and every error it can meet."""

import re
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import quote

import httpx
import pytest

from adapter.serve import transcribe_sample
from pipeline.settings import Settings
from tests.adapter_thread import running_adapter
from tests.media import make_media
from tests.ports import free_ports
from tests.scoring import read_stm, word_error_rate
from tests.speakr import Line, Refused, Speakr

KEY = "the-key-of-speakr/2:+%"


@contextmanager
def adapter(service, **changes: object) -> Iterator[str]:
    """Another adapter in front of the same Triton, with settings of its own."""
    host, port = service.triton_grpc.split(":")
    with running_adapter(
        Settings(_env_file=None, triton_host=host, triton_grpc_port=port, **changes)
    ) as url:
        yield url


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    make_media(folder)
    (folder / "text.mp3").write_text("The minutes of our meeting.\n" * 1000)
    (folder / "empty.wav").touch()
    (folder / "cut.m4a").write_bytes((folder / "tone.m4a").read_bytes()[:2000])
    return folder


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
    assert httpx.get(f"{service.base_url}/health").status_code == 200
    assert Speakr(service.base_url).is_alive()
    (port,) = free_ports(1)
    with running_adapter(Settings(_env_file=None, triton_grpc_port=port, api_key=KEY)) as url:
        assert httpx.get(f"{url}/health").status_code == 503
        assert Speakr(url).is_alive()  # by /, and without a key
    assert not Speakr(f"http://127.0.0.1:{port}").is_alive()


def test_the_models_that_it_offers(service):
    assert Speakr(service.base_url).models()[:2] == [("base", "Systran"), ("whisper-1", "Systran")]
    with adapter(service, models="tiny.en,base", preload_model="base", api_key=KEY) as url:
        offered = Speakr(url.replace("://", f"://speakr:{quote(KEY, safe='')}@")).models()
        assert {name for name, _ in offered} == {"base", "whisper-1", "tiny.en"}
        with pytest.raises(httpx.HTTPStatusError, match="401"):
            Speakr(url).models()


def test_the_webservice_s_dialect_reads_the_same(service, sample, speakr):
    with adapter(service, asr_dialect="webservice") as url:
        reading = Speakr(url).transcribe(sample)
        files = {"audio_file": (sample.name, sample.read_bytes())}
        text = httpx.post(f"{url}/asr", files=files, timeout=300)
    assert {line.speaker for line in reading.lines} == {"SPEAKER_00", "SPEAKER_01"}
    assert reading.language == "en"
    assert reading.text == " ".join(line.text for line in reading.lines)
    # And whoever asks for nothing gets lines of plain text.
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert word_error_rate(reading.text, " ".join(text.text.split())) <= 0.1


def test_bazarr_gets_subtitles_of_bare_pcm(service, sample, sample_audio):
    with adapter(service, asr_dialect="webservice") as url:
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


def test_a_key_in_its_url(service, sample):
    with adapter(service, api_key=f"another-key-for-others,{KEY}") as url:
        secret = str(httpx.URL(url, username="speakr", password=KEY))
        reading = Speakr(secret, diarize=False).transcribe(sample)
        assert {line.speaker for line in reading.lines} == {"UNKNOWN_SPEAKER"}
        with pytest.raises(Refused) as refused:
            Speakr(url).transcribe(sample)
        assert (refused.value.status, refused.value.kind) == (401, "auth")
        assert refused.value.final
        assert "http://user:KEY@host" in refused.value.shown
        with pytest.raises(Refused) as refused:
            Speakr(secret.replace("speakr:", "speakr:x")).transcribe(sample)
        assert (refused.value.status, refused.value.kind) == (401, "auth")
        assert KEY not in refused.value.shown
        # The launcher proves the service with a key of its own.
        transcribe_sample(url, Settings(_env_file=None, api_key=KEY))


NOT_AUDIO = (400, "format", True)
MISTAKE = (400, "unknown", False)


@pytest.mark.parametrize(
    ("file", "query", "verdict", "words"),
    [
        ("text.mp3", {}, NOT_AUDIO, "could not decode the file"),
        ("cut.m4a", {}, NOT_AUDIO, "could not decode the file"),
        ("silent-film.mp4", {}, (400, "format", False), "no audio stream"),
        ("empty.wav", {}, MISTAKE, "audio_file: the file is empty"),
        ("tone.wav", {"language": "klingon"}, MISTAKE, "language: unknown language 'klingon'"),
        ("tone.wav", {"model": "enormous"}, MISTAKE, "model: unknown model 'enormous'"),
        (None, {"model": "nobody/no-model"}, MISTAKE, "nobody/no-model"),
        ("tone.wav", {"min_speakers": 3, "max_speakers": 2}, MISTAKE, "min_speakers"),
    ],
)
def test_what_is_wrong_for_good_is_not_tried_again(
    service, media, sample, file, query, verdict, words
):
    with pytest.raises(Refused) as refused:
        Speakr(service.base_url).transcribe(media / file if file else sample, **query)
    answer = refused.value
    assert (answer.status, answer.kind, answer.encodes_again) == verdict
    assert answer.final
    assert words in answer.shown


def test_a_wrong_address_is_not_tried_again(service, media):
    with pytest.raises(Refused) as refused:
        Speakr(f"{service.base_url}/v0").transcribe(media / "tone.wav")
    assert (refused.value.status, refused.value.final) == (404, True)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"max_file_size_mb": 0.1}, "at most 0.1 MB are accepted"),
        ({"max_duration_seconds": 5}, "the recording is longer than 5 seconds"),
        ({"models": "tiny.en,base"}, "model: 'small' is not offered here; there are tiny.en, base"),
    ],
)
def test_what_a_limit_forbids_is_not_tried_again(service, media, limits, words):
    with adapter(service, **limits) as url, pytest.raises(Refused) as refused:
        Speakr(url).transcribe(media / "tone.wav", model="small" if "models" in limits else None)
    answer = refused.value
    assert (answer.status, answer.kind) == (
        (400, "unknown") if "models" in limits else (413, "size_limit")
    )
    assert answer.final
    assert not answer.encodes_again
    assert words in answer.shown


def test_what_takes_too_long_is_tried_again_as_a_timeout(service, sample):
    with adapter(service, request_timeout_seconds=0.3) as url, pytest.raises(Refused) as refused:
        Speakr(url).transcribe(sample)
    answer = refused.value
    assert (answer.status, answer.kind, answer.final) == (504, "timeout", False)
    assert "not finished within 0.3 seconds" in answer.shown


def test_a_service_that_is_busy_is_asked_again_later(service, media):
    with adapter(service, max_requests=1) as url:
        address = httpx.URL(url)
        with closing(socket.create_connection((address.host, address.port))) as first:
            first.sendall(
                b"POST /asr HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n"
                b"Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n"
            )
            # Its place is taken as soon as its head has been read.
            while httpx.post(f"{url}/asr").status_code != 503:
                pass
            with pytest.raises(Refused) as refused:
                Speakr(url).transcribe(media / "tone.wav")
    answer = refused.value
    assert (answer.status, answer.kind, answer.final) == (503, "service_error", False)
    assert int(answer.headers["retry-after"]) > 0
    assert "1 recordings are being worked on" in answer.shown


def test_a_triton_that_is_not_there_is_asked_again_later(media):
    port = next(port for port in free_ports(20) if "429" not in str(port))
    with (
        running_adapter(Settings(_env_file=None, triton_grpc_port=port)) as url,
        pytest.raises(Refused) as refused,
    ):
        Speakr(url).transcribe(media / "tone.wav")
    answer = refused.value
    assert (answer.status, answer.kind, answer.final) == (503, "service_error", False)
    assert "retry-after" in answer.headers
    assert "Triton" in answer.shown
