"""Every error that Speakr can meet, and whether it tries again."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from adapter.intake.decoding import PROTOCOL
from pipeline.settings import Settings
from tests.clients.decoders import script
from tests.clients.speakr import Refused, Speakr
from tests.services.adapter_thread import adapter_before, running_adapter
from tests.services.ports import free_ports
from tests.speech.media import make_media

NOT_AUDIO = (400, "format", True)
MISTAKE = (400, "unknown", False)


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    make_media(folder)
    (folder / "text.mp3").write_text("The minutes of our meeting.\n" * 1000)
    (folder / "empty.wav").touch()
    (folder / "cut.m4a").write_bytes((folder / "tone.m4a").read_bytes()[:2000])
    return folder


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
    with adapter_before(service.triton_grpc, **limits) as url, pytest.raises(Refused) as refused:
        Speakr(url).transcribe(media / "tone.wav", model="small" if "models" in limits else None)
    answer = refused.value
    assert (answer.status, answer.kind) == (
        (400, "unknown") if "models" in limits else (413, "size_limit")
    )
    assert answer.final
    assert not answer.encodes_again
    assert words in answer.shown


def test_what_takes_too_long_is_tried_again_as_a_timeout(service, sample):
    limits = {"request_timeout_seconds": 0.3, "request_timeout_per_audio_second": 0}
    with (
        adapter_before(service.triton_grpc, **limits) as url,
        pytest.raises(Refused) as refused,
    ):
        Speakr(url).transcribe(sample)
    answer = refused.value
    assert (answer.status, answer.kind, answer.final) == (504, "timeout", False)
    assert "not finished within 0.3 seconds" in answer.shown


def test_a_service_that_is_busy_is_asked_again_later(service, media, tmp_path):
    gate = tmp_path / "gate"
    decoding = f"while [ ! -e {gate} ]; do sleep 0.01; done"
    ffmpeg = script(
        tmp_path / "ffmpeg", f'case "$*" in *-protocols*) echo {PROTOCOL} ;; *) {decoding} ;; esac'
    )
    with (
        adapter_before(
            service.triton_grpc, max_requests=1, max_waiting=0, ffmpeg=str(ffmpeg)
        ) as url,
        ThreadPoolExecutor(1) as first,
    ):
        first.submit(lambda: Speakr(url).transcribe(media / "tone.wav"))
        try:
            deadline = time.monotonic() + 30
            while httpx.post(f"{url}/asr").status_code != 503:
                assert time.monotonic() < deadline
            with pytest.raises(Refused) as refused:
                Speakr(url).transcribe(media / "tone.wav")
        finally:
            gate.touch()
    answer = refused.value
    assert (answer.status, answer.kind, answer.final) == (503, "service_error", False)
    assert int(answer.headers["retry-after"]) > 0
    assert "1 recordings are being worked on" in answer.shown


def test_a_triton_that_is_not_there_is_asked_again_later(media):
    (port,) = free_ports(1)
    with (
        running_adapter(
            Settings(_env_file=None, triton_grpc_port=port, max_wait_seconds=0.5)
        ) as url,
        pytest.raises(Refused) as refused,
    ):
        Speakr(url).transcribe(media / "tone.wav")
    answer = refused.value
    assert (answer.status, answer.kind, answer.final) == (503, "service_error", False)
    assert "retry-after" in answer.headers
    assert "Triton cannot be reached" in answer.shown
    assert str(port) not in answer.shown
