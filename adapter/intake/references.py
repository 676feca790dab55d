"""Clips of people whose voices are to be recognised, as a request brings them beside its recording.

They are files, or data URLs (RFC 2397) as OpenAI's API has them, and go to disk as
they arrive: sixteen megabytes of text a request would be too much to hold.
"""

import base64
import binascii
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from starlette.datastructures import UploadFile

from adapter.errors import exhaustion_is_overload
from adapter.intake.tracks import FIRST_MIXED, Choice
from pipeline.errors import InvalidRequest
from pipeline.options import MAX_NAME

# Names of parts that hold a clip: OpenAI's, with and without brackets, and /asr's.
CLIPS = ("known_speaker_references[]", "known_speaker_references", "speaker_audio")
# Names of fields that hold a speaker's name, in the same order.
NAMES = ("known_speaker_names[]", "known_speaker_names", "speaker_name")
MAX_CLIPS = 16  # OpenAI's API takes four
CLIP_BYTES = 3 << 20  # of one, as it is sent: 10 s of a WAV of 44.1 kHz in stereo are 2.4 MB
CLIPS_BYTES = 16 << 20  # of all of a request
SHORTEST = 0.5  # seconds; OpenAI's API asks for 2 to 10
LONGEST = 60.0
DATA_URL = re.compile(rb"data:[^,]{0,200};base64,", re.IGNORECASE)
HOW = "send 2 to 10 seconds of one person's speech, as a file or as data:audio/wav;base64,…"


@dataclass(frozen=True)
class Clip:
    """A clip as it was sent."""

    part: str  # the name under which it was
    file: UploadFile


@dataclass(frozen=True)
class Reference:
    """A person's name with a clip of the voice."""

    name: str
    clip: Clip

    def open(self) -> IO[bytes]:
        """The clip's audio in a file of its own, which whoever called closes.

        Raises:
            InvalidRequest: it is none.
            Overloaded: there is no room for it.
        """
        raw = self.clip.file.file
        raw.seek(0)
        content = raw.read(CLIP_BYTES)
        front = DATA_URL.match(content)
        if front is None and not self.clip.file.filename:
            raise self.refusal("is no data URL with base64")
        if front is not None:
            try:
                content = base64.b64decode(content[front.end() :].strip(), validate=True)
            except binascii.Error:
                raise self.refusal("is no base64 behind «base64,»") from None
        if not content:
            raise self.refusal("is empty")
        with exhaustion_is_overload("the clips of known speakers"):
            file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by whoever asked for it
            try:
                file.write(content)
                file.flush()
            except BaseException:
                file.close()
                raise
        return file

    def refusal(self, why: str) -> InvalidRequest:
        """The refusal of this clip, for a reason that goes on after its name."""
        return InvalidRequest(f"{self.clip.part}: the clip of {self.name!r} {why}; {HOW}")


def pair(
    names: Sequence[str],
    clips: Sequence[Clip],
    diarizes: bool,
    choice: Choice = FIRST_MIXED,
    part: str = CLIPS[0],
) -> tuple[Reference, ...]:
    """The references of a request.

    Args:
        diarizes: whether anybody is asked who speaks.
        choice: of tracks and channels.
        part: what its dialect calls clips, of CLIPS, for a request that has none.

    Raises:
        InvalidRequest: names and clips do not fit each other, or nobody is asked for.
    """
    part = clips[0].part if clips else part
    field = NAMES[CLIPS.index(part)]
    if len(names) != len(clips):
        raise InvalidRequest(
            f"{field}: there are {len(names)} names, and {len(clips)} clips in {part}; send one "
            "clip for each name, in the same order"
        )
    if names and choice.splits:
        raise InvalidRequest(
            f"{field}: with tracks=split or channels=split, who speaks is known by the track; "
            "leave one of them out"
        )
    if names and not diarizes:
        raise InvalidRequest(
            f"{field}: nobody is recognised unless it is asked who speaks; send diarize=true as "
            "well, or for OpenAI's API response_format=diarized_json"
        )
    for name in names:
        if len(name) > MAX_NAME or not name.isprintable():
            raise InvalidRequest(
                f"{field}: {name[:MAX_NAME]!r} cannot be used, give at most {MAX_NAME} characters "
                "that can be printed"
            )
        if names.count(name) > 1:
            raise InvalidRequest(f"{field}: {name!r} is there twice; give each voice its own name")
    return tuple(map(Reference, names, clips))
