"""The tracks and channels of an upload: which there are, and which of them a request wants.

ffmpeg tells what is in a file in the lines that it prints of it; what a file says of
itself (titles) stands further to the right, so that it cannot pass for one of them.
"""

import re
from dataclasses import dataclass

from adapter.intake.decoding import FIRST_TRACK, Limits, ask_ffmpeg
from pipeline.errors import InvalidRequest
from pipeline.options import MAX_NAME

MOST = 16  # voices that are transcribed apart; each of them is a recording of its own
STREAM = re.compile(r"^  Stream #0:\d+\S*: (\w+): (.*)$")
TITLE = re.compile(r"^ {4,}title\s*: (.*)$", re.IGNORECASE)
LAYOUT = re.compile(r"\d+ Hz, ([^,]+)")
CHANNELS = {"mono": 1, "stereo": 2, "downmix": 2, "quad": 4, "hexagonal": 6, "octagonal": 8}
# From the first sample that any track has: one that begins later stays where it is.
IN_TIME = "aresample=async=1:first_pts=0"


# What a request may say, the default first.
CHOICES = {"tracks": ("first", "mix", "split"), "channels": ("mix", "split")}


@dataclass(frozen=True)
class Choice:
    """What a request asks for."""

    tracks: str = "first"
    channels: str = "mix"

    @property
    def splits(self) -> bool:
        """Whether each voice has a track or channel of its own."""
        return "split" in (self.tracks, self.channels)


FIRST_MIXED = Choice()


@dataclass(frozen=True)
class Track:
    """An audio stream of a file."""

    channels: int
    title: str = ""


@dataclass(frozen=True)
class Source:
    """What is decoded to one recording."""

    arguments: tuple[str, ...]  # of ffmpeg's output
    name: str = ""  # of who speaks there, where the file says so


def read_choice(tracks: str | None, channels: str | None) -> Choice:
    """A request's choice; what is left out is the first track, with its channels mixed.

    Raises:
        InvalidRequest: naming the parameter that cannot be used and what would do.
    """
    chosen = {}
    for (name, choices), text in zip(CHOICES.items(), (tracks, channels), strict=True):
        chosen[name] = (text or "").strip().lower() or choices[0]
        if chosen[name] not in choices:
            raise InvalidRequest(f"{name}: {text!r} cannot be used, give {' or '.join(choices)}")
    if tuple(chosen.values()) == ("mix", "split"):
        raise InvalidRequest(
            "channels: split cannot be had of tracks that are mixed, give tracks=first or split"
        )
    return Choice(**chosen)


async def find_sources(
    ffmpeg: str, source: int, limits: Limits, choice: Choice, part: str
) -> list[Source]:
    """What to decode of the file behind a descriptor, one recording each.

    Args:
        part: the name by which the client knows the file.

    Raises:
        InvalidRequest: there is no audio in it, or more tracks and channels than are split.
    """
    tracks = parse_tracks(await ask_ffmpeg(ffmpeg, source, limits))
    if not tracks:  # which decoding says with its reason
        return [Source(FIRST_TRACK)]
    sources = sources_of(tracks, choice)
    if len(sources) > MOST:
        raise InvalidRequest(
            f"{part}: it has {len(sources)} tracks and channels, at most {MOST} can be split; give "
            "tracks=mix, or tracks=first and channels=mix"
        )
    return sources


def parse_tracks(told: str) -> list[Track]:
    """The audio streams that ffmpeg tells of, in their order."""
    tracks: list[Track] = []
    in_audio = False
    for line in told.splitlines():
        if stream := STREAM.match(line):
            in_audio = stream[1] == "Audio"
            if in_audio:
                tracks.append(Track(_channels(stream[2])))
        elif in_audio and (title := TITLE.match(line)):
            tracks[-1] = Track(tracks[-1].channels, _usable(title[1]))
    return tracks


def sources_of(tracks: list[Track], choice: Choice) -> list[Source]:
    """What is decoded of these tracks."""
    if choice.tracks == "mix" and len(tracks) > 1:
        each = "".join(f"[0:a:{number}]{IN_TIME}[t{number}];" for number in range(len(tracks)))
        all_ = "".join(f"[t{number}]" for number in range(len(tracks)))
        mix = f"{each}{all_}amix=inputs={len(tracks)}:duration=longest[mixed]"
        return [Source(("-filter_complex", mix, "-map", "[mixed]", "-ac", "1"))]
    chosen = tracks if choice.tracks == "split" else tracks[:1]
    sources = []
    for number, track in enumerate(chosen):
        track_of = ("-map", f"0:a:{number}")
        if choice.channels == "mix" or track.channels == 1:
            sources.append(Source((*track_of, "-af", IN_TIME, "-ac", "1"), track.title))
            continue
        for channel in range(track.channels):
            pan = f"{IN_TIME},pan=mono|c0=c{channel}"
            name = f"{track.title} {channel + 1}" if track.title else ""
            sources.append(Source((*track_of, "-af", pan), name))
    return sources


def _channels(description: str) -> int:
    found = LAYOUT.search(description)
    layout = found[1].split("(")[0].strip() if found else "mono"
    if layout in CHANNELS:
        return CHANNELS[layout]
    numbers = [int(number) for number in re.findall(r"\d+", layout)]
    return max(sum(numbers), 1)  # «5.1», or «3 channels»


def _usable(title: str) -> str:
    title = title.strip()
    return title if title.isprintable() and len(title) < MAX_NAME else ""
