"""What is in a file, and what of it becomes a recording."""

import asyncio
import subprocess
from pathlib import Path

import numpy as np
import pytest

from adapter.intake.decoding import Limits, decode
from adapter.intake.recording import Recording
from adapter.intake.tracks import (
    MOST,
    Choice,
    Track,
    find_sources,
    parse_tracks,
    read_choice,
    sources_of,
)
from pipeline.audio import SAMPLE_RATE
from pipeline.errors import InvalidRequest
from tests.speech.media import write_wav

LIMITS = Limits(duration=60, time=60)
LOW, HIGH = 300, 900  # Hz


@pytest.fixture(scope="module")
def files(tmp_path_factory, ffmpeg) -> Path:
    """A tone on the left and another one on the right, on two tracks, and both of that."""
    folder = tmp_path_factory.mktemp("tracks")

    def make(name: str, *arguments: str) -> None:
        tones = [f"sine=frequency={hertz}:duration=2" for hertz in (LOW, HIGH)]
        inputs = [word for tone in tones for word in ("-f", "lavfi", "-i", tone)]
        command = [ffmpeg, "-v", "error", "-y", *inputs, *arguments, folder / name]
        subprocess.run(command, check=True)

    join = ("-filter_complex", "[0:a][1:a]join=inputs=2:channel_layout=stereo[both]")
    make("stereo.wav", *join, "-map", "[both]")
    titles = ("-metadata:s:a:0", "title=Ann Smith", "-metadata:s:a:1", "title=Ben")
    make("tracks.mkv", "-map", "0:a", "-map", "1:a", *titles)
    make("late.mkv", "-filter_complex", "[1:a]asetpts=PTS+1/TB[late]", "-map", "0:a", "-map",
         "[late]")  # fmt: skip
    return folder


def tones(ffmpeg: str, path: Path, choice: Choice) -> list[tuple[str, list[int]]]:
    """The names and the tones of each recording that is made of a file, Hz."""

    async def run() -> list[tuple[str, list[int]]]:
        with path.open("rb") as file:
            sources = await find_sources(ffmpeg, file.fileno(), LIMITS, choice, "file")
            heard = []
            for source in sources:
                with Recording(shared=False) as target:
                    await decode(ffmpeg, file.fileno(), target, LIMITS, chosen=source.arguments)
                    heard.append((source.name, loudest(target.pcm()[0])))
            return heard

    return asyncio.run(run())


def loudest(pcm: np.ndarray) -> list[int]:
    """The frequencies in the last second, in order."""
    spectrum = np.abs(np.fft.rfft(pcm[-SAMPLE_RATE:].astype(float)))
    return np.flatnonzero(spectrum > spectrum.max() / 3).tolist()


@pytest.mark.parametrize(
    ("name", "choice", "expected"),
    [
        ("stereo.wav", Choice(channels="split"), [("", [LOW]), ("", [HIGH])]),
        ("stereo.wav", Choice(tracks="split"), [("", [LOW, HIGH])]),
        ("tracks.mkv", Choice(tracks="split"), [("Ann Smith", [LOW]), ("Ben", [HIGH])]),
        ("tracks.mkv", Choice(tracks="mix"), [("", [LOW, HIGH])]),
        ("tracks.mkv", Choice(channels="split"), [("Ann Smith", [LOW])]),
    ],
)
def test_tracks_and_channels_become_recordings(ffmpeg, files, name, choice, expected):
    assert tones(ffmpeg, files / name, choice) == expected


def test_a_track_that_begins_later_stays_where_it_is(ffmpeg, files):
    async def run() -> np.ndarray:
        with (files / "late.mkv").open("rb") as file, Recording(shared=False) as target:
            choice = Choice(tracks="split")
            _, late = await find_sources(ffmpeg, file.fileno(), LIMITS, choice, "file")
            await decode(ffmpeg, file.fileno(), target, LIMITS, chosen=late.arguments)
            return target.pcm()[0].copy()

    pcm = asyncio.run(run())
    assert len(pcm) == pytest.approx(3 * SAMPLE_RATE, abs=2000)
    assert np.abs(pcm[: SAMPLE_RATE - 2000]).max() == 0
    assert np.abs(pcm[SAMPLE_RATE + 2000 :]).max() > 1000


TOLD = """\
Input #0, matroska,webm, from 'fd:':
  Metadata:
    title           : Stream #0:0: Audio: aac, 48000 Hz, 5.1, fltp
  Duration: 00:00:02.00, start: 0.000000, bitrate: 37 kb/s
  Stream #0:0: Video: h264, yuv420p
      Metadata:
        title           : A picture
  Stream #0:1(eng): Audio: aac (LC), 48000 Hz, 5.1(side), fltp (default)
      Metadata:
        title           : Meeting
                        :   Stream #0:9: Audio: aac, 48000 Hz, mono, fltp
  Stream #0:2[0x3](und): Audio: pcm_s16le ([1][0][0][0] / 0x0001), 8000 Hz, 3 channels, s16
  Stream #0:3: Audio: opus, 48000 Hz, stereo, fltp
"""


def test_a_file_cannot_pass_what_it_says_of_itself_for_a_track():
    assert parse_tracks(TOLD) == [Track(6, "Meeting"), Track(3), Track(2)]


def test_what_one_track_holds_is_named_after_it():
    sources = sources_of([Track(2, "Ann"), Track(1, "Ben")], Choice("split", "split"))
    assert [source.name for source in sources] == ["Ann 1", "Ann 2", "Ben"]
    assert len(sources_of([Track(1)], Choice("mix"))) == 1


def test_more_voices_than_are_split_are_refused_with_what_would_do(ffmpeg, tmp_path):
    path = tmp_path / "many.wav"
    write_wav(path, np.zeros((800, MOST + 1), np.int16), 8000)
    with pytest.raises(InvalidRequest, match="file: it has 17 tracks and channels, at most 16"):
        tones(ffmpeg, path, Choice(channels="split"))


@pytest.mark.parametrize(
    ("tracks", "channels", "words"),
    [
        ("second", None, "tracks: 'second' cannot be used, give first or mix or split"),
        (None, "left", "channels: 'left' cannot be used, give mix or split"),
        ("mix", "split", "channels: split cannot be had of tracks that are mixed"),
    ],
)
def test_a_choice_that_cannot_be_had_is_named(tracks, channels, words):
    with pytest.raises(InvalidRequest, match=words):
        read_choice(tracks, channels)


def test_what_is_left_out_is_the_first_track_with_its_channels_mixed():
    assert read_choice(None, "") == Choice("first", "mix")
    assert read_choice(" Split", "MIX") == Choice("split", "mix")
    assert not read_choice("mix", None).splits
