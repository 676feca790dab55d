"""Who speaks in a stretch of time, against a look at every turn for every word."""

from collections import defaultdict

import numpy as np
import pytest

from documents import Segment, Turn, Word
from pipeline.errors import InvalidRequest
from pipeline.options import MAX_SPEAKERS
from pipeline.speaking_times import SpeakingTimes

HALF_A_DAY = 12 * 3600  # seconds


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


class EveryTurn:
    """The rule as it is told, turn by turn: quadratic, and simple."""

    def __init__(self, turns: list[Turn]) -> None:
        ordered = sorted(turns, key=lambda turn: turn.start)
        self.turns = [
            (milliseconds(turn.start), milliseconds(turn.end), turn.speaker) for turn in ordered
        ]
        self.longest = max((end - start for start, end, _ in self.turns), default=0)

    def shares(self, start: int, end: int) -> dict[str, int]:
        shares: dict[str, int] = defaultdict(int)
        for begin, over, speaker in self.turns:
            if start - self.longest <= begin < end:
                shares[speaker] += max(0, min(end, over) - max(start, begin))
        return shares

    def of(self, spoken: Segment | Word, segment: Segment) -> str | None:
        if not self.turns:
            return None
        start, end = milliseconds(spoken.start), milliseconds(spoken.end)
        shares = self.shares(start, end)
        if not any(shares.values()):
            middle = (start + end) / 2
            return min(self.turns, key=lambda turn: max(turn[0] - middle, middle - turn[1], 0))[2]
        whole = self.shares(milliseconds(segment.start), milliseconds(segment.end))
        return max(shares, key=lambda speaker: (shares[speaker], whole[speaker]))


def conversation(
    chance: np.random.Generator, speakers: int, length: float, grid: float
) -> list[Turn]:
    """Turns of people who talk over each other, on a grid of times, in order of their starts."""
    turns = []
    for speaker in range(speakers):
        time = 0
        while time * grid < length:
            start = time + int(chance.exponential(2 / grid))
            time = start + 1 + int(chance.exponential(chance.choice([0.3, 3, 20]) / grid))
            begin, end = round(start * grid, 3), round(time * grid, 3)
            turns.append(Turn(start=begin, end=end, speaker=f"S{speaker}"))
            time += 1
    return sorted(turns, key=lambda turn: (turn.start, turn.end, turn.speaker))


def speech(chance: np.random.Generator, length: float, grid: float) -> list[Segment]:
    """Segments, some without words, some words without length."""
    segments, time = [], 0
    while time * grid < length:
        time += int(chance.choice([0, 0, 5]) * chance.random() / grid)
        words = []
        for _ in range(chance.integers(0, 12)):
            start = time
            time += int(chance.choice([0, 0.1, 0.3, 1.2]) / grid)
            begin, end = round(start * grid, 3), round(time * grid, 3)
            words.append(Word(word="word", start=begin, end=end, score=1))
        start = words[0].start if words else round(time * grid, 3)
        time += 0 if words else int(1 / grid)
        end = round(time * grid, 3)
        segments.append(Segment(start=start, end=end, text="", words=words))
    return segments


@pytest.mark.parametrize("speakers", [1, 2, 3, 6])
@pytest.mark.parametrize("grid", [0.001, 0.02, 0.1])
@pytest.mark.parametrize("seed", range(3))
def test_each_word_has_the_speaker_that_a_look_at_every_turn_finds(
    speakers: int, grid: float, seed: int
) -> None:
    chance = np.random.default_rng([seed, speakers])
    turns = conversation(chance, speakers, 120, grid)
    segments = speech(chance, 140, grid)
    every_turn = EveryTurn(turns)
    expected = [
        every_turn.of(spoken, segment)
        for segment in segments
        for spoken in (segment, *segment.words)
    ]
    assert len(expected) > 100
    assert SpeakingTimes(turns).speakers(segments) == expected


class WatchedTurn:
    """A turn that counts how often somebody looks at it."""

    looks = 0

    def __init__(self, turn: Turn) -> None:
        self._turn = turn

    def __getattr__(self, name: str) -> object:
        type(self).looks += 1
        return getattr(self._turn, name)


def test_half_a_day_of_turns_that_all_overlap_is_looked_at_once() -> None:
    """50 people who all talk until the end, and begin anew every 1000 s."""
    turns = [
        WatchedTurn(Turn(start=start + speaker / 10, end=HALF_A_DAY, speaker=f"S{speaker}"))
        for start in range(0, HALF_A_DAY, 1000)
        for speaker in range(MAX_SPEAKERS)
    ]
    words = [
        Word(word="word", start=start, end=start + 5, score=1) for start in range(0, HALF_A_DAY, 10)
    ]
    segments = [Segment(start=0, end=HALF_A_DAY, text="", words=words)]
    WatchedTurn.looks = 0
    named = SpeakingTimes(turns).speakers(segments)
    assert len(named) == 1 + len(words)
    # Who began first has spoken longest at any time.
    assert named[0] == "S0"
    assert WatchedTurn.looks <= 5 * len(turns)


def test_more_speakers_than_are_ever_told_apart_are_refused() -> None:
    turns = [Turn(start=each, end=each + 1, speaker=f"S{each}") for each in range(MAX_SPEAKERS)]
    SpeakingTimes(turns)
    with pytest.raises(InvalidRequest, match="TURNS: 51 speakers; there are at most 50"):
        SpeakingTimes([*turns, Turn(start=0, end=1, speaker="one more")])
