"""Subtitles that can be read: a transcript cut into cues of one or two short lines.

The measures are those that broadcasters agree on (BBC Subtitle Guidelines,
Netflix Timed Text Style Guide): lines of 42 characters, two at the most, shown
for as long as they take to read, broken where the sentence has a joint.
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from adapter.formats.phrases import SENTENCE_END, break_cost
from documents import Segment, Transcript

WIDTH = 42  # columns of a line; a Chinese or Japanese character takes two
SHORTEST = 0.8  # seconds that a cue is shown, where there is room
LONGEST = 7.0  # seconds
LEAST = 0.1  # seconds that a cue has even where there is no room
LONGEST_PAUSE = 1.0  # seconds of silence inside a cue
READING_SPEED = 20.0  # columns a second
# On the scale of break_cost:
CUE_COST = 2.5  # one cue more
LINE_COST = 0.5  # a break between lines, beside one between cues
IMBALANCE_COST = 3.0  # one line empty, the other full


@dataclass(frozen=True)
class Cue:
    """What is shown at once; times in seconds."""

    start: float
    end: float
    lines: list[str]
    speaker: str | None


@dataclass(frozen=True)
class Unit:
    """Text that stays in one line, usually a word; times in seconds."""

    text: str
    start: float
    end: float
    spaced: bool  # whether a space is before it

    @property
    def columns(self) -> int:
        """Of the text and the space before it."""
        return columns(self.text) + self.spaced


def columns(text: str) -> int:
    """How wide a text is shown."""
    return len(text) + sum(unicodedata.east_asian_width(c) in "WF" for c in text)


def cues(transcript: Transcript, width: int = WIDTH, labelled: bool = False) -> list[Cue]:
    """The cues of a transcript, in order, none overlapping the next, none of two speakers.

    Args:
        width: columns of a line.
        labelled: leave room in each cue's first line for :func:`label`.
    """
    shown: list[Cue] = []
    for speaker, run in _runs(transcript.segments, width, labelled):
        indent = columns(label(speaker)) if labelled else 0
        for lines in _Layout(run, width, indent).cues():
            end = max(unit.end for line in lines for unit in line)
            shown.append(Cue(lines[0][0].start, end, [_join(line) for line in lines], speaker))
    return _timed(shown, transcript.duration)


def label(speaker: str | None) -> str:
    """How a cue names its speaker where the format has no other way."""
    return f"[{speaker}] " if speaker else ""


def _runs(
    segments: list[Segment], width: int, labelled: bool
) -> Iterator[tuple[str | None, list[Unit]]]:
    """What one speaker says without a pause that a cue should end at."""
    speaker: str | None = None
    run: list[Unit] = []
    for segment in segments:
        room = width - columns(label(segment.speaker)) if labelled else width
        for unit in _units(segment, room):
            pause = unit.start - run[-1].end if run else 0.0
            if run and (segment.speaker != speaker or pause > LONGEST_PAUSE):
                yield speaker, run
                run = []
            speaker = segment.speaker
            run.append(unit)
    if run:
        yield speaker, run


def _units(segment: Segment, room: int) -> list[Unit]:
    """A segment's words, with marks that may not begin a line, cut where one is too long for it."""
    units: list[Unit] = []
    for word in _words(segment):
        if units and not any(map(str.isalnum, word.text)):
            # A dash, or a French question mark: it stays with what it follows.
            glued = units[-1].text + " " * word.spaced + word.text
            if columns(glued) <= room:
                units[-1] = replace(units[-1], text=glued, end=max(word.end, units[-1].end))
                continue
        units += _pieces(word, room)
    return units


def _words(segment: Segment) -> list[Unit]:
    """The words with their times; without times, spread over the segment by their length."""
    if not segment.words:
        return _spread(segment, _written_words(segment.text))
    words: list[Unit] = []
    reached = 0
    for word in segment.words:
        first = segment.text.find(word.word, reached)
        spaced = first != reached
        reached = max(first, reached) + len(word.word)
        words.append(Unit(word.word, word.start, word.end, spaced or not words))
    return words


def _written_words(text: str) -> list[tuple[str, bool]]:
    """What a text without times can be broken into, and whether a space is before each part."""
    parts: list[tuple[str, bool]] = []
    for word in text.split():
        if all(unicodedata.east_asian_width(c) not in "WF" for c in word):
            parts.append((word, True))
        else:
            parts += [(character, i == 0) for i, character in enumerate(word)]
    return parts


def _pieces(word: Unit, room: int) -> list[Unit]:
    """The word, or parts of it that fit into a line."""
    if columns(word.text) <= room:
        return [word]
    parts = [""]
    for character in word.text:
        if columns(parts[-1] + character) > room:
            parts.append("")
        parts[-1] += character
    return _spread(word, [(part, word.spaced and i == 0) for i, part in enumerate(parts)])


def _spread(whole: Unit | Segment, parts: Sequence[tuple[str, bool]]) -> list[Unit]:
    """Parts of a text, each with a share of its time that goes by the share of its columns."""
    reached = list(accumulate((columns(text) for text, _ in parts), initial=0))
    pace = (whole.end - whole.start) / max(reached[-1], 1)
    return [
        Unit(text, whole.start + start * pace, whole.start + end * pace, spaced)
        for (text, spaced), start, end in zip(parts, reached, reached[1:], strict=False)
    ]


class _Layout:
    """A run of units, laid out in the cues and lines whose breaks cost least."""

    def __init__(self, run: list[Unit], width: int, indent: int) -> None:
        self._run = run
        self._width = width
        self._first_width = width - indent
        self._reached = list(accumulate((unit.columns for unit in run), initial=0))
        between = [break_cost(before, after) for before, after in pairwise(run)]
        self._breaks = [SENTENCE_END, *between, SENTENCE_END]

    def cues(self) -> list[list[list[Unit]]]:
        """The lines of each cue."""
        count = len(self._run)
        cheapest = [0.0]  # what the first units cost as cues, by their number
        last_cue = [(0, 0)]  # where the last of these cues begins, and its second line
        for end in range(1, count + 1):
            options = []
            for start in range(end - 1, -1, -1):
                cost, middle = self._second_line(start, end)
                if not middle or (start < end - 1 and self._seconds(start, end) > LONGEST):
                    break
                cost += cheapest[start] + self._breaks[end] + CUE_COST
                options.append((cost, start, middle))
            cost, *cue = min(options)
            cheapest.append(cost)
            last_cue.append(tuple(cue))
        found = []
        while count:
            start, middle = last_cue[count]
            found.append(list(filter(None, (self._run[start:middle], self._run[middle:count]))))
            count = start
        return found[::-1]

    def _second_line(self, start: int, end: int) -> tuple[float, int]:
        """What breaking a cue into two lines costs, and where: at its end for none.

        0 where these units do not go into two lines.
        """
        taken = self._reached[start] + self._run[start].spaced
        full = bisect_right(self._reached, taken + self._first_width, start, end + 1) - 1
        if full == end:
            return 0.0, end
        options = []
        for middle in range(full, start, -1):
            top = self._reached[middle] - taken
            bottom = self._reached[end] - self._reached[middle] - self._run[middle].spaced
            if bottom > self._width:
                break
            imbalance = abs(top / self._first_width - bottom / self._width)
            cost = LINE_COST * (self._breaks[middle] + IMBALANCE_COST * imbalance)
            options.append((cost, middle))
        return min(options, default=(0.0, 0))

    def _seconds(self, start: int, end: int) -> float:
        return self._run[end - 1].end - self._run[start].start


def _join(units: list[Unit]) -> str:
    return "".join(" " * unit.spaced + unit.text for unit in units).lstrip()


def _timed(shown: list[Cue], duration: float) -> list[Cue]:
    """Cues that start in order and stay long enough to be read, but not beyond the next one."""
    starts: list[float] = []
    for cue in shown:
        starts.append(max(cue.start, starts[-1] + LEAST) if starts else cue.start)
    timed = []
    for cue, start, following in zip(shown, starts, [*starts[1:], duration], strict=False):
        to_read = max(SHORTEST, sum(map(columns, cue.lines)) / READING_SPEED)
        end = min(max(cue.end, start + to_read), start + LONGEST, following)
        timed.append(replace(cue, start=start, end=max(end, start + LEAST)))
    return timed
