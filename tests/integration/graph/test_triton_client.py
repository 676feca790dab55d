"""The client of Triton itself, before a Triton whose models do what a test tells them."""

import numpy as np
import pytest

from client import ServiceError
from client.triton import TritonClient
from tests.services.ports import free_ports
from tests.services.tiny_triton import PCM, TEXT

TEXT_ONLY = {"diarize": False, "word_timestamps": False}


@pytest.fixture
def client(tiny):
    with TritonClient(f"127.0.0.1:{tiny.triton_grpc_port}") as client:
        yield client


def test_samples_become_a_transcript(client):
    assert client.transcribe(PCM, **TEXT_ONLY).segments[0].text == TEXT


def test_what_a_step_refuses_is_told_in_its_words(client):
    with pytest.raises(ServiceError) as refused:
        client.transcribe(PCM, hotwords="refuse", **TEXT_ONLY)
    assert refused.value.status == "INVALID_ARGUMENT"
    assert refused.value.detail == "InvalidRequest: this cannot be done"


def test_an_option_that_cannot_be_used_is_named(client):
    with pytest.raises(ServiceError, match="beam_size") as refused:
        client.transcribe(PCM, beam_size=99, **TEXT_ONLY)
    assert refused.value.status == "INVALID_ARGUMENT"


def test_a_triton_that_is_not_there():
    (port,) = free_ports(1)
    with TritonClient(f"127.0.0.1:{port}") as client, pytest.raises(ServiceError) as gone:
        client.transcribe(PCM)
    assert gone.value.status == "UNAVAILABLE"


@pytest.mark.parametrize("audio", [PCM.astype(np.float32), PCM[None], PCM[:0]])
def test_audio_of_another_kind_is_refused_before_it_is_sent(client, audio):
    with pytest.raises(ValueError, match="INT16"):
        client.transcribe(audio)


def test_a_wav_file_of_another_kind_is_refused(client, tmp_path):
    (tmp_path / "talk.wav").write_bytes(b"RIFF")
    with pytest.raises(ValueError, match=r"talk\.wav is not a WAV file"):
        client.transcribe(tmp_path / "talk.wav")
