"""Half minutes of real meetings, with their turns: the test data of pyannote.audio's source."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path

from benchmarks.speakers.conversations import Conversation, Plan
from benchmarks.speakers.sources import PYANNOTE, read, source_distribution
from documents import Turn

# Nobody is in both folds.
FOLD_OF = {
    **dict.fromkeys("dev00 dev01 trn00 trn01 trn02 trn03 trn07 trn08".split(), "a"),
    **dict.fromkeys("trn04 trn05 trn06 trn09 tst00 tst01".split(), "b"),
}


def meetings(cache: Path) -> Iterator[Conversation]:
    """All of them; nobody has written down what is said."""
    folder = source_distribution(*PYANNOTE, cache) / "tests/data"
    spoken: dict[str, list[Turn]] = {name: [] for name in FOLD_OF}
    for file in sorted(folder.glob("debug.*.rttm")):
        for line in file.read_text(encoding="utf-8").splitlines():
            _, name, _, start, seconds, _, _, who, *_ = line.split()
            begin = float(start)
            turn = Turn(start=begin, end=begin + float(seconds), speaker=who)
            spoken[_plain(name)].append(turn)
    for file in sorted(folder.glob("*.wav")):
        name = _plain(file.stem)
        if name in FOLD_OF:
            turns = sorted(spoken[name], key=lambda turn: turn.start)
            people = len({turn.speaker for turn in turns})
            plan = Plan(FOLD_OF[name], 30, f"meeting-{name}", people)
            yield Conversation(plan, read(file), turns)


def _plain(name: str) -> str:
    """Without the accents that one of them is there to test."""
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
