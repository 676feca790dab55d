"""A vote on the language of a recording, held by its first chunks."""

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import Future, TimeoutError

from pipeline.audio import Span
from pipeline.leaf_documents import ChunkTranscript

Voter = tuple[Span, "Future[ChunkTranscript]"]
Heard = Iterable[tuple[Span, ChunkTranscript]]

LOOK_SECONDS = 0.25  # between looks at who has voted


def elect(heard: Heard) -> tuple[str | None, float]:
    """The language that chunks sound like, weighted by their length, and its probability.

    Returns:
        ``(None, 0.0)`` where none of them has a vote.
    """
    heard = list(heard)
    votes = _count(heard)
    if not votes:
        return None, 0.0
    ((winner, samples),) = votes.most_common(1)
    return winner, samples / sum(len(span) for span, _ in heard)


def _count(heard: Heard) -> Counter[str]:
    """Samples that sound like each language."""
    votes: Counter[str] = Counter()
    for span, chunk in heard:
        for language, probability in chunk.language_probabilities.items():
            votes[language] += probability * len(span)
    return votes


def _with_text(heard: Heard) -> Heard:
    """A chunk in which nobody speaks sounds like any language, and has no vote."""
    return ((span, chunk) for span, chunk in heard if chunk.text)


class LanguageVote:
    """Decided as soon as those who have not voted yet cannot change it.

    The outcome is that of all votes, in whatever order they come.  A chunk that
    is hard to hear is recognised again and again, and the rest of the recording
    need not wait for that.
    """

    def __init__(self) -> None:
        self.voters: list[Voter] = []  # everybody who was asked, in order

    def hold(self, voters: Iterable[Voter]) -> str | None:
        """Add voters, and wait until a language has won; None if nobody has a vote.

        Raises:
            PipelineError: a chunk could not be recognised.
        """
        self.voters += voters
        for _, future in self.voters:
            while not (future.done() or self._winner()):
                try:
                    future.result(LOOK_SECONDS)
                except TimeoutError:
                    continue
        return self._winner()

    @property
    def probability(self) -> float:
        """That of the language that won, by all votes, which it waits for; 0 of none."""
        heard = ((span, future.result()) for span, future in self.voters)
        return elect(_with_text(heard))[1]

    def _winner(self) -> str | None:
        voted = [voter for voter in self.voters if voter[1].done()]
        open_samples = sum(len(span) for span, _ in self.voters) - sum(len(s) for s, _ in voted)
        votes = _count(_with_text((span, future.result()) for span, future in voted))
        (winner, most), (_, second) = [*votes.most_common(2), (None, 0), (None, 0)][:2]
        # The others may all be sure of the second one, or of one that nobody has heard so far.
        return winner if not open_samples or most - second > open_samples else None
