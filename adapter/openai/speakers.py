"""Who is called what below ``/v1``: by the name that was given, or by a letter."""

from collections.abc import Collection

from documents import Segment, Transcript

LETTERS = 26
NOBODY = "unknown"  # diarization heard no voice where Whisper heard words


def with_letters(transcript: Transcript, given: Collection[str] = ()) -> Transcript:
    """Call the first speaker A, the next one B, and so on, in the order in which they are heard.

    Args:
        given: names that a request has brought; whoever bears one keeps it, and nobody
            else is called so: clients send letters back as names.
    """
    names: dict[str, str] = {}
    free = (name for name in map(letter, range(LETTERS**3)) if name not in given)
    for segment in transcript.segments:
        speaker = segment.speaker
        if speaker and speaker not in names:
            names[speaker] = speaker if speaker in given else next(free)
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
