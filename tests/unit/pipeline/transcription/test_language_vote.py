"""The vote on a language is over when it cannot turn out otherwise, and not before."""

import random
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from pipeline.audio import Span
from pipeline.errors import PipelineError
from pipeline.leaf_documents import ChunkTranscript
from pipeline.transcription import language_vote
from pipeline.transcription.language_vote import LanguageVote, elect
from tests.futures import done, failed


@pytest.fixture(autouse=True)
def _look_often(monkeypatch):
    monkeypatch.setattr(language_vote, "LOOK_SECONDS", 0.01)


def chunk(text: str = "words", **probabilities: float) -> ChunkTranscript:
    return ChunkTranscript(
        language=max(probabilities, key=probabilities.__getitem__),
        language_probabilities=probabilities,
        text=text,
        words=[],
        avg_logprob=-0.2,
        compression_ratio=1.1,
        no_speech_prob=0.01,
    )


def voters(*votes: ChunkTranscript | None) -> list[tuple[Span, Future]]:
    """Chunks of a second; ``None`` is still to be heard."""
    return [
        (Span(16_000 * number, 16_000 * (number + 1)), Future() if vote is None else done(vote))
        for number, vote in enumerate(votes)
    ]


def test_a_lead_that_the_others_cannot_make_up_for_decides():
    en, cy = chunk(en=0.9), chunk(cy=0.8)
    assert LanguageVote().hold(voters(en, None, en, cy, en)) == "en"


@pytest.mark.parametrize(
    "votes",
    [
        (chunk(en=0.9), None),  # the other may be surer
        (chunk(en=0.9), chunk(en=0.9), chunk(cy=0.9), None),
        (chunk(en=0.9), chunk(text="", en=0.9), None),  # nobody speaks in the second one
    ],
)
def test_while_they_could_everybody_waits(votes):
    held = voters(*votes)
    with ThreadPoolExecutor(1) as thread:
        outcome = thread.submit(LanguageVote().hold, held)
        with pytest.raises(TimeoutError):
            outcome.result(0.1)
        held[-1][1].set_result(chunk(de=1.0))
        assert outcome.result(10) in ("en", "de")


def test_the_outcome_is_that_of_all_votes_in_whatever_order_they_come():
    draw = random.Random(8)
    for _ in range(30):
        votes = [chunk(**{draw.choice(["en", "cy", "de"]): draw.random()}) for _ in range(8)]
        held, vote = voters(*[None] * len(votes)), LanguageVote()
        winner, probability = elect((span, vote) for (span, _), vote in zip(held, votes, strict=1))
        with ThreadPoolExecutor(1) as thread:
            outcome = thread.submit(vote.hold, held)
            for number in draw.sample(range(len(votes)), len(votes)):
                held[number][1].set_result(votes[number])
            assert outcome.result(10) == winner
        assert vote.probability == pytest.approx(probability)


def test_where_nobody_speaks_more_are_asked_to_vote():
    vote = LanguageVote()
    assert vote.hold(voters(chunk(text="", nn=0.9))) is None
    assert vote.hold(voters(chunk(en=0.6))) == "en"
    assert vote.probability == pytest.approx(0.6)


def test_a_chunk_that_fails_fails_the_vote():
    held = [*voters(chunk(en=0.1)), (Span(16_000, 32_000), failed(PipelineError("no memory")))]
    with pytest.raises(PipelineError, match="no memory"):
        LanguageVote().hold(held)
