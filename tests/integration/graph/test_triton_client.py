"""The client of Triton itself, before a Triton whose models do what a test tells them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from tritonclient.grpc import InferenceServerClient

from adapter.intake.recording import PREFIX, SHARED_MEMORY
from adapter.triton.secret import TritonSecret
from client import ServiceError, UnavailableError
from client.triton import AsyncTritonClient, TritonClient
from tests.services.ports import free_ports
from tests.services.tiny_triton import PCM, TEXT
from tests.waiting import until

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
    with TritonClient(f"127.0.0.1:{port}") as client, pytest.raises(UnavailableError) as gone:
        client.transcribe(PCM)
    assert gone.value.status == "UNAVAILABLE"


@pytest.fixture
def lent(tiny):
    """The names of the regions that Triton has of clients, without those of tests before."""
    triton = InferenceServerClient(f"127.0.0.1:{tiny.triton_grpc_port}")
    triton.register_plugin(TritonSecret(tiny.triton_grpc_port))

    def regions() -> set[str]:
        known = triton.get_system_shared_memory_status().regions
        return {name for name in known if PREFIX in name}

    before = regions()
    return lambda: list(regions() - before)


def asking(tiny, kind, audio, shared_memory=None, secret=None, **options):
    """The transcript from a client of either kind."""
    address = f"127.0.0.1:{tiny.triton_grpc_port}"
    more = {"timeout": 60, "shared_memory": shared_memory, "secret": secret}
    if kind is TritonClient:
        with TritonClient(address, **more) as client:
            return client.transcribe(audio, **options)

    async def ask():
        async with AsyncTritonClient(address, **more) as client:
            return await client.transcribe(audio, **options)

    return asyncio.run(ask())


KINDS = pytest.mark.parametrize("kind", [TritonClient, AsyncTritonClient])


@KINDS
def test_samples_are_lent_while_triton_needs_them(tiny, kind, lent, tmp_path):
    def held():
        with pytest.raises(ServiceError, match="this cannot be done"):
            asking(tiny, kind, PCM, hotwords=f"wait {tmp_path / 'gate'}", **TEXT_ONLY)

    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(held)
        until(lambda: lent() or asked.done())
        (name,) = lent()
        assert not (SHARED_MEMORY / name).exists()  # nothing is left, whoever is killed
        (tmp_path / "gate").touch()
        asked.result()
    assert lent() == []
    assert asking(tiny, kind, PCM, shared_memory=True, **TEXT_ONLY).segments[0].text == TEXT
    assert lent() == []


@KINDS
def test_samples_that_cannot_be_lent_are_sent(tiny, kind):
    for more in ({"shared_memory": False}, {"secret": "another one"}):
        assert asking(tiny, kind, PCM, **more, **TEXT_ONLY).segments[0].text == TEXT
    with pytest.raises(ServiceError, match="restricted"):
        asking(tiny, kind, PCM, shared_memory=True, secret="another one", **TEXT_ONLY)


def test_every_second_sample_is_lent_as_it_is_heard(tiny):
    text = str(int(PCM[::2].astype(np.int64).sum()))
    told = asking(tiny, TritonClient, PCM[::2], shared_memory=True, **TEXT_ONLY)
    assert told.segments[0].text == text


@pytest.mark.parametrize("audio", [PCM.astype(np.float32), PCM[None], PCM[:0]])
def test_audio_of_another_kind_is_refused_before_it_is_sent(client, audio):
    with pytest.raises(ValueError, match="INT16"):
        client.transcribe(audio)


def test_a_wav_file_of_another_kind_is_refused(client, tmp_path):
    (tmp_path / "talk.wav").write_bytes(b"RIFF")
    with pytest.raises(ValueError, match=r"talk\.wav is not a WAV file"):
        client.transcribe(tmp_path / "talk.wav")
