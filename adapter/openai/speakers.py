"""Who is called what below ``/v1``: by the name that was given, or by a letter."""

import re
from collections.abc import Collection
from itertools import count

from documents import Segment, Transcript

LETTERS = 26
NUMBERED = re.compile(r"SPEAKER_\d{2,}")  # what nobody has called otherwise


def with_letters(transcript: Transcript, given: Collection[str] = ()) -> Transcript:
    """Call SPEAKER_00 A, SPEAKER_01 B, and so on; who has another name keeps it.

    Args:
        given: names that a request has brought; whoever bears one keeps it, and nobody
            else is called so: clients send letters back as names.
    """
    heard = dict.fromkeys(segment.speaker for segment in transcript.segments if segment.speaker)
    numbered = sorted(name for name in heard if NUMBERED.fullmatch(name) and name not in given)
    taken = {*given, *(name for name in heard if name not in numbered)}
    free = (name for name in map(letter, count()) if name not in taken)
    names = {name: name for name in heard} | dict(zip(numbered, free, strict=False))
    embeddings = transcript.speaker_embeddings
    return transcript.model_copy(
        update={
            "segments": [_renamed(segment, names) for segment in transcript.segments],
            "speaker_embeddings": embeddings
            and {names[each]: vector for each, vector in embeddings.items() if each in names},
        }
    )


def _renamed(segment: Segment, names: dict[str, str]) -> Segment:
    words = [
        word.model_copy(update={"speaker": names.get(word.speaker)}) if word.speaker else word
        for word in segment.words
    ]
    return segment.model_copy(update={"speaker": names.get(segment.speaker), "words": words})


def letter(number: int) -> str:
    """A, B, …, Z, AA, AB, … for 0, 1, …"""
    more, last = divmod(number, LETTERS)
    return (letter(more - 1) if more else "") + chr(ord("A") + last)
