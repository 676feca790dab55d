"""``python -m benchmarks.speakers``: who says what, ours beside commit f8c3262 and stock software.

The first run downloads some 300 MB and takes long; what networks hear is kept (README.md).
"""

import argparse
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.speakers import before, lost, methods, stock
from benchmarks.speakers.clips import EarForPieces
from benchmarks.speakers.listening import Heard, Listening
from benchmarks.speakers.scoring import TurnScore, WordScore, score_turns, score_words
from documents import Turn, Word
from pipeline.attribution.attribute import attribute
from pipeline.diarization.diarize import conclude
from pipeline.diarization.recipe import ungated
from pipeline.options import Options
from pipeline.settings import current_settings
from pipeline.transcription.gaps.in_turns import hear_turns

THRESHOLDS = (0.55, 0.6, 0.65, 0.7, 0.75, 0.8)
LONG = 180  # seconds
FOLDS = {"a": "a", "b": "b", "ab": "both"}
FEW = 4  # people in a conversation whose number ought to be found
Answer = Callable[[Heard, bool], tuple[Sequence[Turn], Sequence[Word]]]
HEAD = (
    "| fold | who | number | words right | words | DER | JER | worst DER | number right, 1 to 4 "
    "| within one |\n" + "| --- " * 10 + "|"
)


def ours(ear: EarForPieces, heard: Heard, given: bool) -> tuple[list[Turn], list[Word]]:
    """The turns and words of the code that is checked out."""
    options = Options(num_speakers=heard.people) if given else Options()
    pair = heard.activity, heard.embeddings
    turns = conclude(*pair, options, ungated(), heard.seconds, heard.pieces)
    said = attribute(heard.transcript, turns)
    said = hear_turns(heard.talk.audio, said, turns.turns, options, ear.hear)
    return turns.turns, [word for segment in said.segments for word in segment.words]


class Scores:
    """How well somebody tells who speaks, each recording scored once."""

    def __init__(self, who: str, answer: Answer) -> None:
        self._who, self._answer = who, answer
        self._kept: dict[tuple[str, bool], tuple[TurnScore, WordScore | None]] = {}

    def line(self, fold: str, heard: Sequence[Heard], given: bool) -> str:
        """A line of the table."""
        scores = [self._of(each, given) for each in heard]
        turns = [turn for turn, _ in scores]
        words = [word for _, word in scores if word is not None]
        number = "given" if given else "free"
        cells = [fold, self._who, number, *_words(words), *_turns(turns)]
        return f"| {' | '.join(cells)} |"

    def _of(self, heard: Heard, given: bool) -> tuple[TurnScore, WordScore | None]:
        key = heard.talk.plan.name, given
        if key not in self._kept:
            turns, words = self._answer(heard, given)
            talk = heard.talk
            self._kept[key] = (
                score_turns(talk.turns, turns),
                score_words(talk.words, words) if talk.words else None,
            )
        return self._kept[key]


def parts(heard: Sequence[Heard]) -> Iterator[tuple[str, list[Heard]]]:
    """Parts of the set that have a table, and what they are."""
    talks = [each for each in heard if each.talk.words]
    yield "The whole set", list(heard)
    yield "Conversations", talks
    yield "Of these what is longer than 180 s", [e for e in talks if e.talk.plan.seconds > LONG]
    yield "Meetings", [each for each in heard if not each.talk.words]


def _words(scores: Sequence[WordScore]) -> Iterator[str]:
    matched = sum(score.matched for score in scores)
    yield _share(sum(score.right for score in scores), matched)
    yield str(matched)


def _turns(scores: Sequence[TurnScore]) -> Iterator[str]:
    for values in ([s.der for s in scores], [s.jer for s in scores]):
        yield f"{np.mean(values):.1%}"
    yield f"{max(score.der for score in scores):.1%}"
    few = [score for score in scores if score.said <= FEW]
    yield _share(sum(score.found == score.said for score in few), len(few))
    yield _share(sum(abs(score.found - score.said) <= 1 for score in scores), len(scores))


def _length(heard: Sequence[Heard]) -> str:
    return f"{len(heard)} recordings, {sum(each.seconds for each in heard) / 60:.0f} minutes"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else ""


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speakers", description=__doc__)
    parser.add_argument("--voices", type=Path, default=os.environ.get("SPEAKER_VOICES"))
    parser.add_argument("--work", type=Path, default=current_settings().cache_dir / "speakers")
    parser.add_argument("--stock-minutes", type=float, default=20, help="0 leaves pyannote out")
    parser.add_argument("--methods", action="store_true", help="also other clusterings")
    parser.add_argument("--longest", type=float, default=900, help="seconds of a conversation")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    listening = Listening(arguments.work, arguments.voices)
    heard = list(listening.heard(arguments.longest))
    earlier = before.answers(heard)

    def at_commit(each: Heard, given: bool) -> tuple[list[Turn], list[Word]]:
        answer = earlier[each.talk.plan.name, given]
        return [Turn(**t) for t in answer["turns"]], [Word(**w) for w in answer["words"]]

    def whisperx_after(answer: Answer) -> Answer:
        def both(each: Heard, given: bool) -> tuple[Sequence[Turn], list[Word]]:
            turns, _ = answer(each, given)
            return turns, stock.assigned(each.transcript, turns)

        return both

    answers = {before.COMMIT: at_commit, "ours": partial(ours, listening.for_pieces())}
    answers |= {f"{who}, then whisperx": whisperx_after(each) for who, each in answers.items()}
    scores = [Scores(who, answer) for who, answer in answers.items()]
    for what, part in filter(lambda each: each[1], parts(heard)):
        print(f"{what}: {_length(part)}\n\n{HEAD}")
        for fold in ("a", "b", "ab"):
            there = [each for each in part if each.talk.plan.fold in fold]
            for given in (False, True) if there else ():
                for each in scores if any(one.talk.words for one in there) else scores[:2]:
                    print(each.line(FOLDS[fold], there, given), flush=True)
        print()
    print("Words of conversations of two and more people\n")
    earlier_words = before.words([each for each in heard if each.talk.words], listening.folder)
    writers = {
        before.COMMIT: lambda each: [Word(**w) for w in earlier_words[each.talk.plan.name]],
        "ours": lambda each: answers["ours"](each, False)[1],
    }
    for row in lost.table(heard, writers):
        print(row)
    print()
    if arguments.methods:
        for row in methods.table(heard, THRESHOLDS):
            print(row, flush=True)
    if arguments.stock_minutes:
        few = stock.some(heard, arguments.stock_minutes)
        print(f"Stock pyannote, its own embeddings: {_length(few)}\n\n{HEAD}")
        with stock.Pyannote(listening.folder / "stock") as pyannote:
            scores = [Scores("stock pyannote", pyannote), *scores[:2]]
            for given in (False, True):
                for each in scores:
                    print(each.line(FOLDS["ab"], few, given), flush=True)


if __name__ == "__main__":
    main()
