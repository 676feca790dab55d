"""Attribution: who said which word; segments are cut where the speaker changes."""

from bisect import bisect_left
from collections import defaultdict
from itertools import groupby

from documents import Segment, Transcript, Turn, Turns, Word
from pipeline.alignment.sentences import cut


def attribute(transcript: Transcript, turns: Turns, word_timestamps: bool = True) -> Transcript:
    """Give each word the speaker in whose turns most of it falls, else the nearest one.

    Args:
        transcript: segments with timed words; a segment without words is
            attributed as a whole.
        turns: who spoke when; without turns nobody is named.
        word_timestamps: whether the words stay in the transcript.
    """
    speakers = _Speakers(turns.turns)
    segments: list[Segment] = []
    for segment in transcript.segments:
        segments += _attribute_segment(segment, speakers)
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


def _attribute_segment(segment: Segment, speakers: "_Speakers") -> list[Segment]:
    whole = speakers.shares(segment.start, segment.end)
    if not segment.words:
        return [segment.model_copy(update={"speaker": speakers.of(segment, whole)})]
    words = [
        word.model_copy(update={"speaker": speakers.of(word, whole)}) for word in segment.words
    ]
    runs = [list(run) for _, run in groupby(words, key=lambda word: word.speaker)]
    return [
        part.model_copy(update={"speaker": part.words[0].speaker}) for part in cut(segment, runs)
    ]


class _Speakers:
    """Turns that can be asked who speaks in a stretch of time."""

    def __init__(self, turns: list[Turn]) -> None:
        self._turns = sorted(turns, key=lambda turn: turn.start)
        self._starts = [turn.start for turn in self._turns]
        self._longest = max((turn.end - turn.start for turn in turns), default=0.0)

    def shares(self, start: float, end: float) -> dict[str, float]:
        """How long each speaker speaks in a stretch of time, in seconds."""
        first = bisect_left(self._starts, start - self._longest)
        last = bisect_left(self._starts, end)
        shares: dict[str, float] = defaultdict(float)
        for turn in self._turns[first:last]:
            shares[turn.speaker] += max(0.0, min(end, turn.end) - max(start, turn.start))
        return shares

    def of(self, spoken: Word | Segment, whole: dict[str, float]) -> str | None:
        """Who spoke it; where several did at once, who has most of the ``whole`` segment."""
        if not self._turns:
            return None
        shares = self.shares(spoken.start, spoken.end)
        if not any(share > 0 for share in shares.values()):
            return self._nearest((spoken.start + spoken.end) / 2)
        return max(shares, key=lambda speaker: (round(shares[speaker], 3), whole[speaker]))

    def _nearest(self, time: float) -> str:
        """The speaker of the turn that is closest to a time in which nobody speaks."""
        return min(
            self._turns, key=lambda turn: max(turn.start - time, time - turn.end, 0.0)
        ).speaker
