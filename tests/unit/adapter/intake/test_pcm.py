"""Bare PCM: taken as it is, checked, and told from files."""

import asyncio
import os
import tempfile

import numpy as np
import pytest

from adapter.errors import TooLarge
from adapter.intake.decoding import Limits
from adapter.intake.pcm import BLOCK, PcmUpload, as_pcm, copy_pcm
from adapter.intake.recording import Recording
from adapter.intake.uploads import Upload
from pipeline.errors import InvalidRequest, Overloaded

LIMITS = Limits(duration=600, time=10)


def copied(content: bytes, limits: Limits = LIMITS) -> np.ndarray:
    with tempfile.TemporaryFile() as source, Recording(shared=False) as target:
        source.write(content)
        source.flush()
        asyncio.run(copy_pcm(source.fileno(), target, limits))
        return target.pcm().copy()


def test_samples_arrive_as_they_are():
    samples = np.arange(-20_000, 20_000, dtype="<i2")
    assert copied(samples.tobytes()).tolist() == [samples.tolist()]


def test_more_than_a_block_arrives_whole():
    content = os.urandom(2 * BLOCK + 6)
    assert copied(content).tobytes() == content


def test_half_a_sample_is_refused():
    with pytest.raises(
        InvalidRequest, match=r"audio_file: could not decode.*encode=false.*16 bit.*; send "
    ):
        copied(bytes(16_001))


def test_too_much_is_refused_before_it_is_copied():
    assert copied(bytes(32_000), Limits(duration=1, time=1)).size == 16_000
    with pytest.raises(TooLarge, match=r"file too large.*longer than 1 seconds"):
        copied(bytes(32_002), Limits(duration=1, time=1))


def test_what_there_is_no_room_for_is_not_copied():
    with pytest.raises(Overloaded, match="no room"):
        copied(bytes(32_000), Limits(duration=1, time=1, reserve=1 << 60))


@pytest.mark.parametrize("name", ["wav", "m4a", "ogg", "opus", "webm", "flac", "wma", "mp3"])
def test_a_file_with_a_header_is_not_taken_for_samples(media, name):
    path = media / f"tone.{name}"
    with path.open("rb") as file:
        upload = Upload(file.fileno(), path.name, {})
        assert as_pcm(upload) is upload


@pytest.mark.parametrize("content", [b"\0\1", bytes(1000), np.arange(500, dtype="<i2").tobytes()])
def test_samples_are_taken_for_samples(tmp_path, content):
    (tmp_path / "audio_file").write_bytes(content)
    with (tmp_path / "audio_file").open("rb") as file:
        assert isinstance(as_pcm(Upload(file.fileno(), "audio_file", {})), PcmUpload)
