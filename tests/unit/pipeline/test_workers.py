"""Dealing a batch out to workers: who computes what, in which order, and what if one fails."""

import threading

import pytest

from pipeline.workers import Workers

BOTH_SECONDS = 30


@pytest.mark.parametrize(
    ("cores", "count", "threads"),
    [(1, 1, 1), (2, 2, 1), (3, 3, 1), (4, 2, 2), (8, 2, 4), (16, 4, 4)],
)
def test_workers_and_their_threads_fill_the_cores(cores, count, threads):
    workers = Workers(cores)
    assert (workers.count, workers.threads) == (count, threads)


def test_workers_that_gain_nothing_from_threads_have_a_core_each():
    workers = Workers(8, most_threads=1)
    assert (workers.count, workers.threads) == (8, 1)


def test_workers_compute_at_once_and_answer_in_order():
    both = threading.Barrier(2)

    def double(share: list[int]) -> list[int]:
        both.wait(BOTH_SECONDS)  # passed only by two at once
        return [2 * item for item in share]

    assert Workers(2).map(double, [5, 1, 4, 2, 3], lambda item: item) == [10, 2, 8, 4, 6]


def test_shares_are_alike():
    shares = []

    def note(share: list[int]) -> list[int]:
        shares.append(share)
        return share

    Workers(2).map(note, [1, 30, 2, 29], lambda seconds: seconds)
    assert sorted(shares) == [[29, 1], [30, 2]]


def test_a_share_is_of_one_kind():
    shares = []

    def note(share: list[str]) -> list[str]:
        shares.append(share)
        return share

    items = ["a0", "b0", "a1", "a2"]
    assert Workers(2).map(note, items, size=len, kind=lambda item: item[0]) == items
    assert sorted(shares) == [["a0", "a2"], ["a1"], ["b0"]]


def test_one_item_is_one_share_and_none_is_none():
    assert Workers(4).map(lambda share: [len(share)], ["chunk"], len) == [1]
    assert Workers(4).map(lambda share: share, [], len) == []


def test_a_failure_is_told_when_nobody_computes_any_more():
    others_done = threading.Event()
    failed = threading.Event()

    def work(share: list[int]) -> list[int]:
        if 0 in share:
            failed.set()
            raise ValueError("a broken chunk")
        failed.wait(BOTH_SECONDS)
        others_done.set()
        return share

    with pytest.raises(ValueError, match="a broken chunk"):
        Workers(2).map(work, [0, 1], lambda item: item)
    assert others_done.is_set()
