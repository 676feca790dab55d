"""A batch that does not fit, or fails: whose answers suffer, and for how long."""

import weakref
from itertools import pairwise

import pytest

from pipeline.errors import InvalidRequest, OutOfMemory, PipelineError
from pipeline.hardware.failures import is_out_of_memory
from pipeline.serving.batches.memory import FIRST_SECONDS, LONGEST_SECONDS, MemoryLimits
from pipeline.serving.batches.streak import MOST_IN_A_ROW, MOST_SECONDS, Streak
from pipeline.serving.batches.together import Together

FULL = RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB.")
BROKEN = RuntimeError("CUDA error: unspecified launch failure")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Card:
    """Doubles numbers, as many at once as it has room for."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.batches: list[int] = []
        self.clock = Clock()
        self.told: list[int] = []
        self.cleared = self.full = 0
        limits = MemoryLimits(lambda network, pieces: self.told.append(pieces), self.clock)
        self.together = Together(limits, self.clear, self.count_full)

    def clear(self) -> None:
        self.cleared += 1

    def count_full(self) -> None:
        self.full += 1

    def infer(self, pieces):
        self.batches.append(len(pieces))
        if sum(max(piece, 1) for piece in pieces) > self.room:
            raise FULL
        return [2 * piece for piece in pieces]

    def __call__(self, *pieces):
        self.batches.clear()
        return self.together(self.infer, pieces, "network")


def test_a_batch_that_does_not_fit_is_halved_until_it_does_and_remembered():
    card = Card(room=3)
    assert card(*[1] * 8) == [2] * 8
    assert card.batches == [8, 4, 2, 2, 2, 2]
    assert (card.cleared, card.full) == (2, 2)
    assert card(*[1] * 5) == [2] * 5
    assert card.batches == [2, 2, 1]
    assert card.told == [4, 2]


def test_what_does_not_fit_alone_is_out_of_memory_and_all_others_are_answered():
    card = Card(room=5)
    answers = card(1, 1, 9, 1)
    assert answers[:2] + answers[3:] == [2, 2, 2]
    assert isinstance(answers[2], OutOfMemory)
    assert is_out_of_memory(answers[2])


def test_room_is_made_once_nothing_holds_what_the_batch_had():
    there: list[weakref.ref] = []
    freed: list[bool] = []

    class Layer:
        """Something that takes memory."""

    def infer(pieces):
        layer = Layer()
        there.append(weakref.ref(layer))
        try:
            raise FULL
        except RuntimeError as failure:
            raise RuntimeError("CUBLAS_STATUS_ALLOC_FAILED") from failure

    together = Together(MemoryLimits(), lambda: freed.append(there[-1]() is None))
    assert isinstance(together(infer, [1], "network")[0], OutOfMemory)
    assert freed == [True]


def test_a_limit_is_let_go_of_step_by_step():
    card = Card(room=3)
    card(*[1] * 8)
    card.room = 100
    card.clock.now += FIRST_SECONDS - 1
    card(*[1] * 8)
    assert max(card.batches) == 2
    card.clock.now += 1
    card(*[1] * 8)
    assert card.batches == [4, 4]
    card.clock.now += FIRST_SECONDS
    card(*[1] * 8)
    assert card.batches == [8]
    assert card.told == [4, 2, 4, 0]


def test_where_more_never_fits_it_is_tried_less_and_less_often():
    card = Card(room=4)
    card(*[1] * 8)
    tried = []
    for _ in range(40_000):
        card.clock.now += 1
        if card(*[1] * 8) and max(card.batches) > 4:
            tried.append(card.clock.now)
    pauses = [round(after - before) for before, after in pairwise(tried)]
    assert pauses[:3] == [2 * FIRST_SECONDS, 4 * FIRST_SECONDS, 8 * FIRST_SECONDS]
    assert max(pauses) == LONGEST_SECONDS


def test_networks_have_limits_of_their_own():
    card = Card(room=3)
    card(*[1] * 8)
    card.room = 100
    card.batches.clear()
    card.together(card.infer, [1] * 8, "another")
    assert card.batches == [8]


def test_only_the_culprit_fails():
    def infer(pieces):
        if 0 in pieces:
            raise ValueError("a nought")
        return [2 * piece for piece in pieces]

    answers = Together(MemoryLimits())(infer, [1, 0, 3], "network")
    assert answers[::2] == [2, 6]
    assert str(answers[1]) == "a nought"


def test_a_broken_device_is_tried_no_more():
    calls = []

    def infer(pieces):
        calls.append(pieces)
        raise BROKEN

    with pytest.raises(RuntimeError, match="unspecified launch failure"):
        Together(MemoryLimits())(infer, [1, 2, 3], "network")
    assert calls == [[1, 2, 3]]


def test_batches_that_fail_in_a_row_are_counted_until_one_succeeds():
    told = {}
    clock = Clock()
    streak = Streak(
        lambda batches: told.update(batches=batches),
        lambda seconds: told.update(seconds=seconds),
        clock,
    )
    streak.batch([ValueError("no"), 5])
    assert told == {}
    for failure in (ValueError("no"), OutOfMemory("no"), PipelineError("no")):
        assert not streak.batch([failure, failure])
        clock.now += 10
    assert told == {"batches": 3, "seconds": 20}
    # What clients ask for in vain, and probes, say nothing of the leaf.
    streak.batch([InvalidRequest("a mistake")])
    streak.batch([])
    assert told == {"batches": 3, "seconds": 20}
    streak.batch([ValueError("no"), 5])
    assert told == {"batches": 0, "seconds": 0}


def test_after_enough_of_them_and_long_enough_another_process_is_to_try():
    clock = Clock()
    streak = Streak(lambda batches: None, lambda seconds: None, clock)
    at_once = [streak.batch([ValueError("no")]) for _ in range(2 * MOST_IN_A_ROW)]
    assert not any(at_once)  # of one recording, say
    clock.now += MOST_SECONDS
    assert streak.batch([ValueError("no")])
    assert not streak.batch([5])
    clock.now += MOST_SECONDS
    assert not streak.batch([ValueError("no")])
    clock.now += MOST_SECONDS
    assert not streak.batch([ValueError("no")])
