"""Where a sentence may be broken: after punctuation, at a pause, before what joins its parts."""

from typing import Protocol

SENTENCE_END = 0.0
CLAUSE_END = 1.0
COMMA = 1.5
BEFORE_JOINT = 3.5
ANYWHERE = 6.0
AFTER_BOUND = 9.0  # the word before belongs to the word after
PAUSE = 4.0  # what a second of silence is worth; a long one makes any place good
MOST_PAUSE = 5.0

# Words that begin a part of a sentence, in the languages that are heard most.
JOINTS = frozenset(
    "and but or nor so because that which who whom whose where when while if unless although "
    "though before after since until than with without from into about "
    "und aber oder denn sondern weil dass wenn obwohl damit während bevor nachdem "
    "et mais ou donc car que qui quand lorsque parce puisque pour avec sans dans "
    "y pero sino porque que quien cuando donde mientras aunque para con sin "
    "e ma oppure perché che quando dove mentre anche con senza per "
    "mas ou quando onde enquanto embora porque com sem para "
    "en maar of want omdat dat die wanneer terwijl met zonder "
    "и а но или что чтобы потому если когда где который которая которое которые хотя пока "
    "і але або що щоб якщо коли де "
    "i oraz ale lub że żeby jeśli kiedy gdzie który która które".split()
)
# Words that must not be left behind at the end of a line.
BOUND = frozenset(
    "a an the of to in on at by for my your his her its our their this these those is are was "
    "were be not no very mr mrs ms dr "
    "der die das den dem des ein eine einen einem einer im am zum zur von vom zu nicht kein keine "
    "le la les l' un une des du de d' au aux à mon ton son ma ta sa mes tes ses ne "
    "el los las una uno del al mi tu su sus mis no "
    "il lo gli un' di da del della dei delle al alla nel nella su sul sulla non "
    "o os as um uma do da dos das no na nos nas ao não "
    "het een van te niet geen "
    "в во на с со к ко у о об от до из за по под над для без не ни і у з зі до на".split()
)
SENTENCE_MARKS = ".?!…。？！؟।"
CLAUSE_MARKS = ";:；：—–"
COMMAS = ",、，،)]」』）"
CLOSING = "\"'»”’"


class Spoken(Protocol):
    """A word; times in seconds."""

    text: str
    start: float
    end: float


def break_cost(before: Spoken, after: Spoken) -> float:
    """How bad a break between two words is, from 0 (between sentences) to 9."""
    pause = min(max(after.start - before.end, 0.0) * PAUSE, MOST_PAUSE)
    return max(_written_cost(before.text, after.text) - pause, SENTENCE_END)


def _written_cost(before: str, after: str) -> float:
    mark = before.rstrip(CLOSING)[-1:]
    if mark and mark in SENTENCE_MARKS:
        return SENTENCE_END
    if mark and mark in CLAUSE_MARKS:
        return CLAUSE_END
    if before[-1:] in COMMAS or (mark and mark in COMMAS):
        return COMMA
    if before.lower() in BOUND:
        return AFTER_BOUND
    return BEFORE_JOINT if after.lower().strip(CLOSING) in JOINTS else ANYWHERE
