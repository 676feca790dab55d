"""People who were recorded apart, each on a track or channel, as one transcript.

A microphone hears the others, too.  Their words would be there twice, so a word counts
for nobody where its voice is only the bleed of another: fainter by a margin, and as
faint as that other one always is there, or in the same words.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from documents import Segment, Transcript, Word
from pipeline.alignment.sentences import cut
from pipeline.audio import SAMPLE_RATE

FRAME = SAMPLE_RATE // 50  # samples of a level: 20 ms, as long as a vowel's shortest part
BLOCK = 1 << 12  # frames whose levels are computed at once
ACTIVE = 0.1  # of the level of loud speech: 10 dB below it somebody speaks for certain
LOUD = 95  # percentile of the levels that is loud speech
USUAL = 25  # percentile of a bleed's ratio: most of the time only one person speaks
MARGIN = 4.0  # 6 dB; by so much a bleed is fainter than its voice, and may be louder than usual
TWICE = 2.0  # 3 dB; by so much the same word is louder where it was said
NEAR = 0.5  # seconds that the times of one word differ between two channels
COMPARED = 60  # stretches of a second by which two signals are found to be one
SAME = 0.98  # correlation from which they are


@dataclass(frozen=True)
class Voice:
    """One person's track or channel."""

    name: str
    transcript: Transcript  # of it alone, with words
    levels: np.ndarray  # FP32 [frames], see :func:`levels`


def levels(pcm: np.ndarray) -> np.ndarray:
    """The mean square of each 20 ms of a recording, INT16 [N] to FP32 [frames]."""
    frames = pcm[: len(pcm) // FRAME * FRAME].reshape(-1, FRAME)
    blocks = [frames[first : first + BLOCK] for first in range(0, len(frames), BLOCK)]
    squares = [np.square(block, dtype=np.float32).mean(axis=1) for block in blocks]
    return np.concatenate(squares or [np.zeros(0, np.float32)])


def is_same_signal(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two recordings, INT16 [N] and [M], are one, however loud each of them is.

    As in a file whose two channels come from one microphone.
    """
    length = min(len(one), len(other))
    starts = np.linspace(0, max(length - SAMPLE_RATE, 0), COMPARED).astype(int)
    first, second = (
        np.concatenate([each[start : start + SAMPLE_RATE] for start in np.unique(starts)]).astype(
            np.float32
        )
        for each in (one[:length], other[:length])
    )
    energy = float(first @ first) * float(second @ second)
    return energy > 0 and float(first @ second) ** 2 > SAME**2 * energy


def together(voices: Sequence[Voice]) -> Transcript:
    """One transcript in order of time, in which each segment has its voice's name.

    Its language is that of the voice that says most; words that are only a bleed are left out.
    """
    ratios = [[_usual_ratio(voice, other) for other in voices] for voice in voices]
    segments: list[Segment] = []
    for number, voice in enumerate(voices):
        said = _Said(voices, number, ratios[number])
        for segment in voice.transcript.segments:
            segments += _kept(segment, said, voice.name)
    longest = max(voices, key=lambda voice: _words(voice.transcript)).transcript
    return longest.model_copy(
        update={
            "segments": sorted(segments, key=lambda segment: segment.start),
            "duration": max(voice.transcript.duration for voice in voices),
        }
    )


class _Said:
    """Whether words of one voice are its own."""

    def __init__(self, voices: Sequence[Voice], number: int, ratios: Sequence[float]) -> None:
        self._levels = voices[number].levels
        self._others = [
            (voice.levels, ratio, _Words(voice.transcript))
            for other, (voice, ratio) in enumerate(zip(voices, ratios, strict=True))
            if other != number
        ]

    def is_own(self, word: Word) -> bool:
        level = _level(self._levels, word)
        for levels_, ratio, words in self._others:
            heard = list(words.near(word))
            louder = _level(levels_, word)
            if not heard or louder <= TWICE * level:
                continue
            if _spelt(word) in map(_spelt, heard):
                return False
            if louder > MARGIN * level and level <= MARGIN * ratio * louder:
                return False
        return True


class _Words:
    """The words of a transcript, by their times."""

    def __init__(self, transcript: Transcript) -> None:
        words = [word for segment in transcript.segments for word in segment.words]
        self._words = sorted(words, key=lambda word: word.start)
        self._starts = np.array([word.start for word in self._words])
        lengths = [word.end - word.start for word in self._words]
        self._longest = max(lengths, default=0.0)

    def near(self, word: Word) -> Iterator[Word]:
        """Those that are said at the time of a word, or within NEAR of it."""
        first = np.searchsorted(self._starts, word.start - NEAR - self._longest)
        last = np.searchsorted(self._starts, word.end + NEAR)
        return (w for w in self._words[first:last] if w.end > word.start - NEAR)


def _usual_ratio(voice: Voice, other: Voice) -> float:
    """How loud the other one is on this voice's track, as a part of its level on its own."""
    frames = min(len(voice.levels), len(other.levels))
    theirs = other.levels[:frames]
    active = theirs > ACTIVE * np.percentile(theirs, LOUD) if frames else np.zeros(0, bool)
    if voice is other or not active.any():
        return 0.0
    return float(np.percentile(voice.levels[:frames][active] / theirs[active], USUAL))


def _level(levels_: np.ndarray, word: Word) -> float:
    first = int(word.start * SAMPLE_RATE) // FRAME
    last = max(int(word.end * SAMPLE_RATE) // FRAME, first + 1)
    spoken = levels_[first:last]
    return float(spoken.mean()) if len(spoken) else 0.0


def _spelt(word: Word) -> str:
    return "".join(filter(str.isalnum, word.word.lower()))


def _kept(segment: Segment, said: _Said, name: str) -> list[Segment]:
    """What is left of a segment, in one piece or in several."""
    words = [word.model_copy(update={"speaker": name}) for word in segment.words]
    runs = [(own, list(run)) for own, run in groupby(words, key=said.is_own)]
    parts = cut(segment, [run for _, run in runs]) if words else []
    own_parts = [part for part, (own, _) in zip(parts, runs, strict=True) if own]
    return [part.model_copy(update={"speaker": name}) for part in own_parts]


def _words(transcript: Transcript) -> int:
    return sum(len(segment.words) for segment in transcript.segments)
