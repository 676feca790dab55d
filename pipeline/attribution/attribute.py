"""Attribution: who said which word; segments are cut where the speaker changes."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, count, groupby, islice

import numpy as np

from documents import Segment, Transcript, Turns, Word
from pipeline.alignment.sentences import cut
from pipeline.attribution.speaking_times import SpeakingTimes

BLOCK = 256  # segments that are attributed at once: a few thousand words
# Milliseconds of speech in somebody else's turn that a change of speaker needs; a word between two
# words of another needs twice as many.  Both were chosen with benchmarks/speakers.
CHANGE = 300  # inside a sentence
CHANGE_AT_PAUSE = 50  # after a sentence, or after a pause
PAUSE = 0.3  # seconds between two words


def attribute(
    transcript: Transcript,
    turns: Turns,
    check: Callable[[], None] = lambda: None,
    fill_nearest: bool = True,
) -> Transcript:
    """Give the words the speakers in whose turns they fall, with few changes inside sentences.

    Of all ways to name the speakers of the words, the one in which most time of words falls
    into turns of their speakers, less what the changes of speaker cost (Viterbi's algorithm).
    A word in nobody's turn goes where its neighbours and the nearest turns pull it.

    Args:
        transcript: segments with timed words; a segment without words is
            attributed as a whole.
        turns: who spoke when; without turns nobody is named.
        check: called now and then; raises where nobody waits for the answer any more.
        fill_nearest: whether words in nobody's turn have a speaker.

    Raises:
        InvalidRequest: there are more speakers than are ever told apart.
        Exception: whatever ``check`` raised.
    """
    names = _speakers(transcript.segments, SpeakingTimes(turns.turns), check, fill_nearest)
    segments: list[Segment] = []
    for segment in transcript.segments:
        segments += _attribute_segment(segment, islice(names, max(1, len(segment.words))))
    embeddings = turns.speaker_embeddings or None
    return transcript.model_copy(update={"segments": segments, "speaker_embeddings": embeddings})


def _speakers(
    segments: Sequence[Segment],
    speaking: SpeakingTimes,
    check: Callable[[], None],
    fill_nearest: bool,
) -> Iterator[str | None]:
    """The speakers of all words, or of the segment where it has none."""
    path = _Path(len(speaking.names))
    named: list[bool] = []  # of each word, whether it has a speaker
    for first in range(0, len(segments), BLOCK):
        check()
        spoken = [
            each
            for segment in segments[first : first + BLOCK]
            for each in segment.words or [segment]
        ]
        begins = [
            number == 0
            for segment in segments[first : first + BLOCK]
            for number in range(max(1, len(segment.words)))
        ]
        evidence = speaking.evidence(spoken)
        named += (fill_nearest | (evidence > 0).any(axis=1)).tolist()
        path.follow(spoken, begins, evidence)
    for chosen, has_speaker in zip(path.best(), named, strict=True):
        yield speaking.names[chosen] if speaking.names and has_speaker else None


class _Path:
    """The best way through the speakers of words, block by block."""

    def __init__(self, speakers: int) -> None:
        self._score = np.zeros(speakers)
        self._from: list[np.ndarray] = []  # of each word, who spoke before each speaker
        self._last_end = -np.inf

    def follow(self, spoken: Sequence, begins: Sequence[bool], evidence: np.ndarray) -> None:
        """Go on over words, each with whether a sentence begins with it."""
        stay = np.arange(len(self._score))
        for word, first, heard in zip(spoken, begins, evidence, strict=True):
            paused = first or word.start - self._last_end >= PAUSE
            self._last_end = word.end
            if not len(stay):
                self._from.append(stay)
                continue
            leader = int(self._score.argmax())
            changed = self._score[leader] - (CHANGE_AT_PAUSE if paused else CHANGE)
            changes = changed > self._score
            self._from.append(np.where(changes, leader, stay).astype(np.uint8))
            self._score = np.maximum(self._score, changed) + heard

    def best(self) -> list[int]:
        """The speaker of each word."""
        if not len(self._score) or not self._from:
            return [0] * len(self._from)
        chosen = [int(self._score.argmax())]
        for before in reversed(self._from[1:]):
            chosen.append(int(before[chosen[-1]]))
        return chosen[::-1]


def without_words(transcript: Transcript) -> Transcript:
    """The same in sentences only, which keep their speakers."""
    segments = [segment.model_copy(update={"words": []}) for segment in transcript.segments]
    return transcript.model_copy(update={"segments": segments})


def name_by_appearance(
    transcript: Transcript, known: Mapping[str, str] | None = None, given: Collection[str] = ()
) -> Transcript:
    """Give the first speaker of the transcript the first name, the next the second, and so on.

    Whoever says no word that was understood has no name in it, and no embedding.

    Args:
        known: the names of speakers who were recognised, which they bear.
        given: all names that might have been recognised; nobody else is called so.
    """
    known = known or {}
    heard = list(dict.fromkeys(s.speaker for s in transcript.segments if s.speaker))
    numbered = (f"SPEAKER_{number:02d}" for number in count())
    free = (name for name in numbered if name not in given)
    names = {speaker: known.get(speaker) or next(free) for speaker in heard}
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
    words = [word.model_copy(update={"speaker": names.get(word.speaker)}) for word in segment.words]
    return segment.model_copy(update={"speaker": name, "words": words})


def _attribute_segment(segment: Segment, speakers: Iterable[str | None]) -> list[Segment]:
    if not segment.words:
        return [segment.model_copy(update={"speaker": next(iter(speakers))})]
    words = [
        word.model_copy(update={"speaker": name})
        for word, name in zip(segment.words, speakers, strict=True)
    ]
    # A word in nobody's turn does not cut a sentence: it stays with the one before, or after.
    before = list(accumulate((word.speaker for word in words), lambda last, name: name or last))
    first = next(filter(None, before), None)
    speaker_of = iter([name or first for name in before])
    runs = [list(run) for _, run in groupby(words, key=lambda _: next(speaker_of))]
    parts = cut(segment, runs)
    return [part.model_copy(update={"speaker": _speaker(part.words)}) for part in parts]


def _speaker(words: Iterable[Word]) -> str | None:
    return next((word.speaker for word in words if word.speaker), None)
