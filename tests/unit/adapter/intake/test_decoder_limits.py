"""What hostile media, and a decoder that they took over, can do: nothing."""

import asyncio
import re
import resource
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from adapter.errors import TooLarge
from adapter.intake import decoding
from adapter.intake.decoding import MEMORY_BYTES, Limits, decode
from adapter.intake.recording import Recording
from pipeline.audio import SAMPLE_RATE
from pipeline.errors import Overloaded
from tests.clients.decoders import LIMITS, decoded, refusal, script
from tests.hostile.headers import with_cover_bomb
from tests.speech.media import TONE_SECONDS


@pytest.fixture
def once_limited(tmp_path, monkeypatch) -> str:
    """A shell's command that ends when the limits of its process are set."""
    restrain = decoding._restrain

    def restrain_and_tell(*arguments: object) -> None:
        restrain(*arguments)
        (tmp_path / "limited").touch()

    monkeypatch.setattr(decoding, "_restrain", restrain_and_tell)
    return f"until [ -e {tmp_path}/limited ]; do sleep 0.05; done"


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


def test_a_format_that_may_be_opened_cannot_open_others(ffmpeg, media, tmp_path, monkeypatch):
    path = tmp_path / "list.ffconcat"
    path.write_text(f"ffconcat version 1.0\nfile '{media / 'tone.wav'}'\n")
    monkeypatch.setattr(decoding, "FORMATS", "concat,wav")
    assert "failed to decode audio" in refusal(ffmpeg, path)


def test_the_only_protocol_is_that_of_its_input(tmp_path):
    # ffmpeg's own list for a descriptor has crypto and data as well.
    spy = script(tmp_path / "spy", f'echo "$*" > {tmp_path}/arguments; exit 1')
    refusal(str(spy), spy)
    before, _, after = (tmp_path / "arguments").read_text().partition(" -i fd: ")
    assert " -protocol_whitelist fd " in before
    assert after.endswith(" pipe:1\n")


def test_a_format_that_is_not_on_the_list_is_not_opened(ffmpeg, media, tmp_path):
    path = tmp_path / "tone.sox"
    subprocess.run([ffmpeg, "-v", "error", "-i", media / "tone.wav", path], check=True)
    assert "its format is not accepted" in refusal(ffmpeg, path)


def test_pictures_are_not_decoded(ffmpeg, media, tmp_path):
    cover = with_cover_bomb((media / "tone.mp3").read_bytes())
    assert len(cover) < 2_000_000
    (tmp_path / "cover.mp3").write_bytes(cover)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    pcm = decoded(ffmpeg, tmp_path / "cover.mp3")
    assert pcm.size / SAMPLE_RATE == pytest.approx(TONE_SECONDS, abs=0.15)
    # Seconds of work, whatever else the machine does; decoding the cover takes three.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 1


def test_decoding_that_does_not_end_is_given_up(tmp_path):
    stuck = script(tmp_path / "stuck", "exec sleep 600")
    assert "longer than 1 seconds" in refusal(str(stuck), stuck, Limits(duration=60, time=1))


def test_a_cancelled_request_ends_its_decoder(tmp_path):
    stuck = script(tmp_path / "stuck", f"echo $$ > {tmp_path}/pid\nexec sleep 600")

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


def test_decoded_audio_leaves_its_reserve_on_the_disk(ffmpeg, media):
    free = shutil.disk_usage(tempfile.gettempdir()).free
    with pytest.raises(Overloaded, match="no room"):
        decoded(ffmpeg, media / "tone.wav", Limits(duration=60, time=60, reserve=2 * free))


def test_a_disk_that_fills_while_decoding_is_not_the_recordings_fault(ffmpeg, media, monkeypatch):
    monkeypatch.setattr(Recording, "room", lambda recording, reserve: 100_000)
    with pytest.raises(Overloaded, match="no room"):
        decoded(ffmpeg, media / "tone.wav")


def test_a_decoder_that_writes_on_is_stopped(tmp_path):
    endless = script(tmp_path / "endless", "exec cat /dev/zero")
    with pytest.raises(TooLarge):
        decoded(str(endless), endless, Limits(duration=1, time=60))


def test_what_a_decoder_may_take_is_limited(tmp_path, once_limited):
    spy = script(
        tmp_path / "spy",
        f"{once_limited}; cat /proc/self/limits > {tmp_path}/limits\n"
        f"for file in /proc/$$/fd/*; do readlink $file; done > {tmp_path}/files; exit 1",
    )
    upload = tmp_path / "upload"
    upload.write_bytes(b"RIFF")
    refusal(str(spy), upload, Limits(duration=10, time=7))
    limits = (tmp_path / "limits").read_text()
    for kind, most in (
        ("Max address space", MEMORY_BYTES),
        ("Max cpu time", 8),
        ("Max file size", 12 * SAMPLE_RATE * 2),
        ("Max core file size", 0),
    ):
        assert re.search(rf"{kind}\s+{most}\s+{most}\s", limits)
    # Its input, its output and what it says; beside them what the shell itself has opened.
    files = (tmp_path / "files").read_text().splitlines()
    own = [name for name in files if not name.startswith(("/proc", str(spy), f"{tmp_path}/files"))]
    assert own[0] == str(upload)
    assert len(own) == 3


def test_a_full_disk_is_not_the_recordings_fault(tmp_path):
    full = script(tmp_path / "full", "echo 'Error muxing: No space left on device' >&2\nexit 1")
    with pytest.raises(Overloaded, match="no room"):
        decoded(str(full), full)


def test_a_decoder_that_takes_too_much_memory_gets_none(tmp_path, once_limited):
    # dd's block of 2 GiB has to lie in memory.
    greedy = script(
        tmp_path / "greedy",
        f"{once_limited}\nLC_ALL=C exec dd if=/dev/zero of=/dev/null bs=2G count=1",
    )
    assert "failed to decode audio" in refusal(str(greedy), greedy)


def test_secrets_of_the_service_are_not_the_decoders(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    spy = script(tmp_path / "spy", f"export -p > {tmp_path}/seen\nexit 1")
    refusal(str(spy), spy)
    assert "secret" not in (tmp_path / "seen").read_text()
