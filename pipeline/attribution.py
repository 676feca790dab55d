"""Attribution: who said which word; segments are cut where the speaker changes."""

from collections.abc import Callable, Iterable
from itertools import groupby, islice

from documents import Segment, Transcript, Turns
from pipeline.alignment.sentences import cut
from pipeline.speaking_times import SpeakingTimes

BLOCK = 256  # segments that are attributed at once: a few thousand words


def attribute(
    transcript: Transcript,
    turns: Turns,
    word_timestamps: bool = True,
    check: Callable[[], None] = lambda: None,
) -> Transcript:
    """Give each word the speaker in whose turns most of it falls, else the nearest one.

    Args:
        transcript: segments with timed words; a segment without words is
            attributed as a whole.
        turns: who spoke when; without turns nobody is named.
        word_timestamps: whether the words stay in the transcript.
        check: called now and then; raises where nobody waits for the answer any more.

    Raises:
        InvalidRequest: there are more speakers than are ever told apart.
        Exception: whatever ``check`` raised.
    """
    speaking = SpeakingTimes(turns.turns)
    segments: list[Segment] = []
    for first in range(0, len(transcript.segments), BLOCK):
        check()
        block = transcript.segments[first : first + BLOCK]
        names = iter(speaking.speakers(block))
        for segment in block:
            segments += _attribute_segment(segment, next(names), islice(names, len(segment.words)))
    if not word_timestamps:
        segments = [segment.model_copy(update={"words": []}) for segment in segments]
    embeddings = turns.speaker_embeddings or None
    return transcript.model_copy(update={"segments": segments, "speaker_embeddings": embeddings})


def name_by_appearance(transcript: Transcript) -> Transcript:
    """Give the first speaker of the transcript the first name, the next the second, and so on.

    Whoever says no word that was understood has no name in it, and no embedding.
    """
    heard = list(dict.fromkeys(s.speaker for s in transcript.segments if s.speaker))
    names = {speaker: f"SPEAKER_{number:02d}" for number, speaker in enumerate(heard)}
    embeddings = transcript.speaker_embeddings
    return transcript.model_copy(
        update={
            "segments": [_renamed(segment, names) for segment in transcript.segments],
            "speaker_embeddings": embeddings
            and {names[each]: embeddings[each] for each in heard if each in embeddings},
        }
    )


def _renamed(segment: Segment, names: dict[str, str]) -> Segment:
    name = names.get(segment.speaker)
    words = [word.model_copy(update={"speaker": name}) for word in segment.words]
    return segment.model_copy(update={"speaker": name, "words": words})


def _attribute_segment(
    segment: Segment, speaker: str | None, speakers: Iterable[str | None]
) -> list[Segment]:
    if not segment.words:
        return [segment.model_copy(update={"speaker": speaker})]
    words = [
        word.model_copy(update={"speaker": name})
        for word, name in zip(segment.words, speakers, strict=True)
    ]
    runs = [list(run) for _, run in groupby(words, key=lambda word: word.speaker)]
    return [
        part.model_copy(update={"speaker": part.words[0].speaker}) for part in cut(segment, runs)
    ]
