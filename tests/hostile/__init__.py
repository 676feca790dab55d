"""Damaged, mislabelled and hostile files, made anew for each run from real encodings."""

from collections.abc import Iterator
from pathlib import Path

from tests.hostile import damaged, headers, names, strangers
from tests.hostile.cases import Case, Outcome
from tests.hostile.encodings import Encoder

PICTURES = ("png", "jpg", "gif", "bmp")


def hostile_files(folder: Path, sample: Path, port: int) -> Iterator[Case]:
    """All of them.

    Args:
        folder: For the encodings.
        sample: The recording of two people on a telephone line.
        port: Of a server of this machine, which must not be asked for anything.
    """
    encoder = Encoder(folder)
    speech, tone = encoder.speech(sample), encoder.tone()
    yield from damaged.cut_short(speech, tone)
    yield from damaged.bit_errors(tone)
    yield from damaged.mislabelled(speech)
    yield from headers.waves(headers.samples(speech["wav"]), headers.samples(tone["wav"]))
    yield from headers.tags(speech["mp3"], tone["mp3"], tone["flac"])
    yield from headers.boxes(tone["m4a"])
    yield from strangers.no_recordings()
    yield from strangers.playlists(port)
    yield from names.names(tone["wav"])
    yield Case("a tone with an attachment", encoder.with_attachment(), Outcome.SOUND)
    yield Case("subtitles alone", encoder.subtitles_alone(), Outcome.REFUSED)
    for suffix, film in encoder.silent_films().items():
        yield Case(f"{suffix} without sound", film, Outcome.REFUSED, f"film.{suffix}")
    for suffix in PICTURES:
        yield Case(f"a {suffix}", encoder.picture(suffix), Outcome.REFUSED, f"photo.{suffix}")
