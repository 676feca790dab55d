"""The recipe: which conversations there are, and how voices become one; the same each time."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle

import numpy as np

from benchmarks.speakers.clips import Piece, Speech
from benchmarks.speakers.rooms import LEVEL, PLACES, impulse_response, recorded, reverberated
from benchmarks.speakers.sources import Voice
from documents import Turn, Word
from pipeline.audio import SAMPLE_RATE

LOUDER = 5  # dB that a voice may be louder or softer than the mean
MOST_PIECES = 4  # of a turn
CUTS_IN = 0.2  # of the turns begin before the one before is over
ANSWERS_OVER = 0.25  # of the long turns have somebody else's «yes» in them
ONE_WORD = 0.12  # of the turns are one word
LONG_TURN = 3.0  # seconds


@dataclass(frozen=True)
class Plan:
    """One conversation that is to be made."""

    fold: str
    seconds: float
    place: str
    speakers: int
    language: str = "en"
    shares: float = 0.0  # how much of the time the first speaker has; 0 is as it comes
    alike: tuple[str, ...] = ()  # voices that must be in it
    own: int = 0  # how many of the voices are from the folder of one's own, where there is one

    @property
    def name(self) -> str:
        """Says what it is."""
        return f"{self.fold}-{self.speakers}-{self.seconds:.0f}-{self.place}-{self.language}"


@dataclass
class Conversation:
    """A recording with its truth; times in seconds."""

    plan: Plan
    audio: np.ndarray  # INT16 [N]
    turns: list[Turn] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)  # with their speakers


def plans() -> Iterator[Plan]:
    """Forty conversations, an hour and three quarters."""
    for fold, longest, alike, languages in (
        (
            "a",
            900,
            (("angie", "weaver"), ("daniel", "tom")),
            (("fr", "telephone"), ("fr", "room")),
        ),
        (
            "b",
            600,
            (("deniro", "william"), ("geralt", "tim_reynolds")),
            (("it", "room"), ("ru", "desk")),
        ),
    ):
        yield Plan(fold, 30, "room", 1, own=1)
        yield Plan(fold, 90, "telephone", 1)
        yield Plan(fold, 150, "hall", 1, own=1)
        yield Plan(fold, 30, "desk", 2, own=1)
        yield Plan(fold, 45, "telephone", 2)
        yield Plan(fold, 90, "noise", 2, own=2)
        yield Plan(fold, 180, "desk", 2, alike=alike[0])
        yield Plan(fold, 300, "room", 2, shares=0.8, own=2)
        for language, place in languages:
            yield Plan(fold, 75, place, 2, language=language)
        yield Plan(fold, 60, "dry", 3, own=1)
        yield Plan(fold, 150, "music", 3)
        yield Plan(fold, 240, "room", 3, own=2, shares=0.6)
        yield Plan(fold, 60, "telephone", 4, own=2)
        yield Plan(fold, 120, "hall", 4, own=2)
        yield Plan(fold, 240, "desk", 4, alike=alike[1], own=1)
        yield Plan(fold, 150, "noise", 5, own=2)
        yield Plan(fold, 200, "room", 5, own=2)
        yield Plan(fold, 180, "desk", 6, own=2)
        yield Plan(fold, longest, "room", 6, own=2)


def converse(
    plan: Plan, voices: Sequence[Voice], speech_of: Callable[[Voice], Speech], music: np.ndarray
) -> Conversation:
    """Let people talk, by a seed that is the plan's."""
    chance = random.Random(plan.name)
    noise = np.random.default_rng(list(plan.name.encode()))
    cast = [speech_of(voice) for voice in _cast(plan, voices, chance)]
    people = [_Person(each, plan, chance, noise) for each in cast]
    talk = Conversation(plan, np.zeros(0, np.int16))
    mixed = np.zeros(round((plan.seconds + 60) * SAMPLE_RATE))
    now, last = 0.4, None
    while now < plan.seconds:
        last = _next(people, last, plan, chance)
        began = now
        answer = chance.random() < ONE_WORD and last.answers
        pieces = [chance.choice(last.answers)] if answer else last.take(chance)
        for piece in pieces:
            _say(talk, mixed, last, piece, now)
            end = now + piece.seconds
            now = end + chance.uniform(0.1, 0.35)
        listeners = [each for each in people if each is not last and each.answers]
        if end - began > LONG_TURN and listeners and chance.random() < ANSWERS_OVER:
            other = chance.choice(listeners)
            at = chance.uniform(began + 0.8, end - 0.8)
            _say(talk, mixed, other, chance.choice(other.answers), at)
        cuts_in = chance.random() < CUTS_IN
        gap = -chance.uniform(0.1, 1.0) if cuts_in else chance.uniform(0.0, 0.9)
        now = max(began + 0.5, end + gap)
    talk.turns.sort(key=lambda turn: turn.start)
    talk.words.sort(key=lambda word: word.start)
    over = max(turn.end for turn in talk.turns) + 0.4
    mixed = mixed[: round(over * SAMPLE_RATE)]
    first = chance.randrange(len(music) - len(mixed))
    talk.audio = recorded(mixed, PLACES[plan.place], music[first:], noise)
    return talk


class _Person:
    """A voice at its place in a room."""

    def __init__(
        self, speech: Speech, plan: Plan, chance: random.Random, noise: np.random.Generator
    ) -> None:
        place = PLACES[plan.place]
        self.name = speech.voice.name
        self.answers = speech.answers
        self._response = impulse_response(place, chance.uniform(*place.distances), noise)
        runs = list(speech.runs)
        chance.shuffle(runs)
        starts = [(run, first) for run in runs for first in range(0, len(run), MOST_PIECES)]
        self._runs = cycle([run[first : first + MOST_PIECES] for run, first in starts])
        spoken = np.concatenate([piece.audio for run in runs for piece in run]).astype(np.float64)
        gain = 10 ** (chance.uniform(-LOUDER, LOUDER) / 20)
        self._gain = gain * LEVEL / np.sqrt((spoken**2).mean())

    def take(self, chance: random.Random) -> tuple[Piece, ...]:
        """What is said next, some pieces that were spoken one after the other."""
        run = next(self._runs)
        return run[: chance.randint(1, MOST_PIECES)]

    def sounds(self, piece: Piece) -> np.ndarray:
        """A piece as it comes to the microphone."""
        return reverberated(piece.audio * self._gain, self._response)


def _cast(plan: Plan, voices: Sequence[Voice], chance: random.Random) -> list[Voice]:
    able = [v for v in voices if v.fold == plan.fold and v.language == plan.language]
    own = [v for v in able if v.source == "own"]
    chosen = [v for v in able if v.name in plan.alike]
    chosen += chance.sample(own, min(plan.own, len(own)))
    others = [v for v in able if v not in own and v not in chosen]
    chosen += chance.sample(others, plan.speakers - len(chosen))
    chance.shuffle(chosen)
    return chosen


def _next(
    people: Sequence[_Person], last: _Person | None, plan: Plan, chance: random.Random
) -> _Person:
    if plan.shares and last is not people[0] and chance.random() < plan.shares:
        return people[0]
    if plan.shares and last is people[0] and chance.random() < plan.shares**2:
        return people[0]
    return chance.choice([each for each in people if each is not last] or people)


def _say(talk: Conversation, mixed: np.ndarray, who: _Person, piece: Piece, at: float) -> None:
    first = round(at * SAMPLE_RATE)
    sound = who.sounds(piece)
    mixed[first : first + len(sound)] += sound
    talk.turns.append(Turn(start=at, end=at + piece.seconds, speaker=who.name))
    talk.words += [
        word.model_copy(
            update={"start": at + word.start, "end": at + word.end, "speaker": who.name}
        )
        for word in piece.words
    ]
