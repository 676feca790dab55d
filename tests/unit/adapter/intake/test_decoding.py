"""Uploaded files to PCM, with the real ffmpeg."""

import asyncio
import os
import re
from pathlib import Path

import numpy as np
import pytest

from adapter.errors import TooLarge
from adapter.intake.decoding import Limits, decode, find_ffmpeg
from adapter.intake.recording import Recording
from pipeline.audio import SAMPLE_RATE
from tests.clients.decoders import LIMITS, decoded, refusal, script
from tests.speech.media import MADE, TONE_HZ, TONE_SECONDS, write_wav

SHARING = pytest.mark.parametrize("shared", [False, True], ids=["file", "shared memory"])


def loudest_frequency(pcm: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(pcm[0].astype(float)))
    return float(spectrum.argmax() * SAMPLE_RATE / pcm.size)


@SHARING
@pytest.mark.parametrize("name", ["tone.wav", *MADE, "video.mp4"])
def test_any_usual_format_becomes_the_same_mono_pcm(ffmpeg, media, name, shared):
    pcm = decoded(ffmpeg, media / name, shared=shared)
    assert pcm.dtype == np.int16
    assert pcm.shape[0] == 1
    assert pcm.shape[1] / SAMPLE_RATE == pytest.approx(TONE_SECONDS, abs=0.15)
    assert loudest_frequency(pcm) == pytest.approx(TONE_HZ, abs=0.5)


def test_samples_are_those_of_the_file(ffmpeg, tmp_path):
    samples = np.arange(-8000, 8000, dtype=np.int16)
    write_wav(tmp_path / "ramp.wav", samples, SAMPLE_RATE)
    assert np.array_equal(decoded(ffmpeg, tmp_path / "ramp.wav")[0], samples)


def test_a_file_that_ends_early_gives_what_there_is(ffmpeg, media, tmp_path):
    content = (media / "tone.mp3").read_bytes()
    (tmp_path / "cut.mp3").write_bytes(content[: len(content) // 2])
    seconds = decoded(ffmpeg, tmp_path / "cut.mp3").size / SAMPLE_RATE
    assert seconds == pytest.approx(TONE_SECONDS / 2, abs=0.5)


def test_an_mp4_without_its_index_is_called_cut_short(ffmpeg, media, tmp_path):
    (tmp_path / "cut.m4a").write_bytes((media / "tone.m4a").read_bytes()[:20_000])
    reason = refusal(ffmpeg, tmp_path / "cut.m4a")
    assert re.match("audio_file: could not decode .*failed to decode audio.*cut short", reason)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text.mp3", b"These are the minutes of our meeting.\n" * 500),
        ("page.wav", b"<html><body>not found</body></html>"),
        ("noise.m4a", np.random.default_rng(0).bytes(100_000)),
        ("one-byte.wav", b"R"),
        ("header.wav", b"RIFF\x24\x00\x00\x00WAVEfmt "),
    ],
)
def test_what_is_no_audio_is_worded_for_speakr(ffmpeg, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    reason = refusal(ffmpeg, tmp_path / name)
    assert re.search("could not.*decode", reason)
    assert "failed to decode audio" in reason
    assert "send audio" in reason
    assert str(tmp_path) not in reason


def test_a_film_without_sound_is_called_that(ffmpeg, media):
    assert "no audio stream" in refusal(ffmpeg, media / "silent-film.mp4")


def test_a_file_without_samples_is_called_empty(ffmpeg, media):
    assert "empty" in refusal(ffmpeg, media / "no-samples.wav")


def test_a_file_that_was_read_before_is_read_from_its_beginning(ffmpeg, media):
    async def run() -> None:
        with (media / "tone.flac").open("rb") as file:
            for _ in range(2):
                with Recording(shared=False) as recording:
                    await decode(ffmpeg, file.fileno(), recording, LIMITS)
                    assert recording.samples == TONE_SECONDS * SAMPLE_RATE

    asyncio.run(run())


def test_longer_than_allowed_is_too_large(ffmpeg, media):
    with pytest.raises(TooLarge, match=r"file too large.*longer than 5 seconds"):
        decoded(ffmpeg, media / "tone.wav", Limits(duration=5, time=60))


def test_exactly_as_long_as_allowed_is_not(ffmpeg, media):
    pcm = decoded(ffmpeg, media / "tone.wav", Limits(duration=TONE_SECONDS, time=60))
    assert pcm.size == TONE_SECONDS * SAMPLE_RATE


def test_the_loop_goes_on_while_a_file_is_decoded(ffmpeg, media):
    async def run() -> int:
        with Recording(shared=False) as recording, (media / "video.mp4").open("rb") as file:
            decoding = asyncio.create_task(decode(ffmpeg, file.fileno(), recording, LIMITS))
            turns = 0
            while not decoding.done():
                await asyncio.sleep(0.001)
                turns += 1
            await decoding
            return turns

    assert asyncio.run(run()) > 1


def test_an_ffmpeg_that_cannot_read_descriptors_is_refused(tmp_path):
    old = script(tmp_path / "ffmpeg", "echo file pipe")
    with pytest.raises(RuntimeError, match=r"ffmpeg 6\.0 or a later one"):
        find_ffmpeg(str(old))


def test_a_configured_ffmpeg_that_is_none_is_named():
    with pytest.raises(RuntimeError, match="FFMPEG='/nowhere/ffmpeg'"):
        find_ffmpeg("/nowhere/ffmpeg")


def test_nothing_is_left_of_a_recording(ffmpeg, media):
    with Recording(shared=True) as recording:
        path = Path("/dev/shm", recording.key)
        assert path.stat().st_mode & 0o777 == 0o600
        descriptor = recording.fd
    assert not path.exists()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
