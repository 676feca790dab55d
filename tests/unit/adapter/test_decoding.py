"""Uploaded files to PCM, with the real ffmpeg."""

import asyncio
import os
import re
import socket
from pathlib import Path

import numpy as np
import pytest

from adapter.decoding import Limits, decode, find_ffmpeg
from adapter.errors import TooLarge
from adapter.recording import Recording
from pipeline.audio import SAMPLE_RATE
from pipeline.errors import InvalidRequest, Overloaded
from tests.media import MADE, TONE_HZ, TONE_SECONDS, write_wav

LIMITS = Limits(duration=60, time=60)
SHARING = pytest.mark.parametrize("shared", [False, True], ids=["file", "shared memory"])


def decoded(ffmpeg: str, path: Path, limits: Limits = LIMITS, shared: bool = False) -> np.ndarray:
    async def run() -> np.ndarray:
        with Recording(shared) as recording, path.open("rb") as file:
            await decode(ffmpeg, file.fileno(), recording, limits)
            return recording.pcm().copy()

    return asyncio.run(run())


def refusal(ffmpeg: str, path: Path, limits: Limits = LIMITS) -> str:
    with pytest.raises(InvalidRequest) as refused:
        decoded(ffmpeg, path, limits)
    return str(refused.value)


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
    assert re.match("could not decode .*failed to decode audio.*cut short", reason)


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
    assert str(tmp_path) not in reason


def test_a_film_without_sound_is_called_that(ffmpeg, media):
    assert "no audio stream" in refusal(ffmpeg, media / "silent-film.mp4")


def test_a_file_without_samples_is_called_empty(ffmpeg, media):
    assert "empty" in refusal(ffmpeg, media / "no-samples.wav")


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{target}'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>'
        '<AdaptationSet contentType="audio"><Representation id="0"><BaseURL>{target}</BaseURL>'
        "</Representation></AdaptationSet></Period></MPD>",
    ],
    ids=["hls", "concat", "sdp", "dash"],
)
@pytest.mark.parametrize("suffix", [".wav", ".m3u8", ".ffconcat", ".sdp", ".mpd"])
def test_a_file_that_names_others_is_refused(ffmpeg, media, tmp_path, playlist, suffix):
    path = tmp_path / f"list{suffix}"
    path.write_text(playlist.format(target=media / "tone.wav"))
    assert "failed to decode audio" in refusal(ffmpeg, path)


def test_a_file_that_names_a_server_does_not_reach_it(ffmpeg, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/segment.ts"
        path = tmp_path / "list.m3u8"
        path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}\n#EXT-X-ENDLIST\n")
        refusal(ffmpeg, path)
        with pytest.raises(TimeoutError):
            server.accept()


def test_longer_than_allowed_is_too_large(ffmpeg, media):
    with pytest.raises(TooLarge, match=r"file too large.*longer than 5 seconds"):
        decoded(ffmpeg, media / "tone.wav", Limits(duration=5, time=60))


def test_exactly_as_long_as_allowed_is_not(ffmpeg, media):
    pcm = decoded(ffmpeg, media / "tone.wav", Limits(duration=TONE_SECONDS, time=60))
    assert pcm.size == TONE_SECONDS * SAMPLE_RATE


def test_decoding_that_does_not_end_is_given_up(tmp_path):
    stuck = tmp_path / "stuck"
    stuck.write_text("#!/bin/sh\nexec sleep 600\n")
    stuck.chmod(0o755)
    assert "within 1 seconds" in refusal(str(stuck), stuck, Limits(duration=60, time=1))


def test_a_cancelled_request_ends_its_decoder(tmp_path):
    stuck = tmp_path / "stuck"
    stuck.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n")
    stuck.chmod(0o755)

    async def run() -> None:
        with Recording(shared=False) as recording, stuck.open("rb") as file:
            task = asyncio.create_task(decode(str(stuck), file.fileno(), recording, LIMITS))
            while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(run())
    assert not Path("/proc", (tmp_path / "pid").read_text().strip()).exists()


def test_a_full_disk_is_not_the_recordings_fault(tmp_path):
    full = tmp_path / "full"
    full.write_text("#!/bin/sh\necho 'Error muxing: No space left on device' >&2\nexit 1\n")
    full.chmod(0o755)
    with pytest.raises(Overloaded, match="no room"):
        decoded(str(full), full)


def test_a_decoder_that_takes_too_much_memory_gets_none(ffmpeg, tmp_path):
    greedy = tmp_path / "greedy"
    # dd's block of 2 GiB has to lie in memory; the pause lets the limit come first.
    greedy.write_text(
        "#!/bin/sh\nsleep 0.3\nLC_ALL=C exec dd if=/dev/zero of=/dev/null bs=2G count=1\n"
    )
    greedy.chmod(0o755)
    assert "failed to decode audio" in refusal(str(greedy), greedy)


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


def test_secrets_of_the_service_are_not_the_decoders(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    spy = tmp_path / "spy"
    spy.write_text(f"#!/bin/sh\nexport -p > {tmp_path}/seen\nexit 1\n")
    spy.chmod(0o755)
    refusal(str(spy), spy)
    assert "secret" not in (tmp_path / "seen").read_text()


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
