"""Who speaks in a stretch of time, against a look at every turn for every word."""

import numpy as np
import pytest

from documents import Segment, Turn, Word
from pipeline.attribution.speaking_times import FAR, SpeakingTimes
from pipeline.errors import InvalidRequest
from pipeline.options import MAX_SPEAKERS

HALF_A_DAY = 12 * 3600  # seconds


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def every_turn(turns: list[Turn], spoken: Segment | Word) -> list[float]:
    """The rule as it is told, turn by turn: quadratic, and simple."""
    start, end = milliseconds(spoken.start), milliseconds(spoken.end)
    shares: dict[str, int] = {}
    distances: dict[str, float] = {}
    for turn in sorted(turns, key=lambda turn: turn.start):
        begin, over = milliseconds(turn.start), milliseconds(turn.end)
        share = max(0, min(end, over) - max(start, begin))
        shares[turn.speaker] = shares.get(turn.speaker, 0) + share
        distance = max(begin - end, start - over, 0)
        distances[turn.speaker] = min(distances.get(turn.speaker, FAR), distance)
    if any(shares.values()):
        return list(shares.values())
    return [-distance / 2 for distance in distances.values()]


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
def test_who_speaks_how_long_is_what_a_look_at_every_turn_finds(
    speakers: int, grid: float, seed: int
) -> None:
    chance = np.random.default_rng([seed, speakers])
    turns = conversation(chance, speakers, 120, grid)
    segments = speech(chance, 140, grid)
    spoken = [each for segment in segments for each in (segment, *segment.words)]
    expected = [every_turn(turns, each) for each in spoken]
    assert len(expected) > 100
    np.testing.assert_array_equal(SpeakingTimes(turns).evidence(spoken), expected)


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
    WatchedTurn.looks = 0
    spoken = SpeakingTimes(turns).evidence(words)
    assert spoken.shape == (len(words), MAX_SPEAKERS)
    # Who began first has spoken longest at any time.
    assert (spoken.argmax(axis=1) == 0).all()
    assert WatchedTurn.looks <= 5 * len(turns)


def test_more_speakers_than_are_ever_told_apart_are_refused() -> None:
    turns = [Turn(start=each, end=each + 1, speaker=f"S{each}") for each in range(MAX_SPEAKERS)]
    SpeakingTimes(turns)
    with pytest.raises(InvalidRequest, match="TURNS: 51 speakers; there are at most 50"):
        SpeakingTimes([*turns, Turn(start=0, end=1, speaker="one more")])


def test_without_turns_or_words_there_is_nothing_to_tell() -> None:
    word = Word(word="word", start=0, end=1, score=1)
    assert SpeakingTimes([]).evidence([word]).shape == (1, 0)
    assert SpeakingTimes([Turn(start=0, end=1, speaker="A")]).evidence([]).shape == (0, 1)
