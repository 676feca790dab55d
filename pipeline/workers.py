"""A batch dealt out to workers that compute side by side, each on cores of its own."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")

MOST_THREADS = 4  # of one worker: a small network gains little from more


class Workers:
    """Workers of a process, as many as its cores can feed.

    Threads that share every layer of a network wait for each other at its end,
    and longest where something else wants their cores; workers do not.
    """

    def __init__(self, cores: int, most_threads: int = MOST_THREADS) -> None:
        self.threads = max(1, min(cores // 2, most_threads))
        self.count = max(1, cores // self.threads)
        self._pool = ThreadPoolExecutor(self.count, "worker")

    def map(
        self,
        work: Callable[[Sequence[Item]], list[Answer]],
        items: Sequence[Item],
        size: Callable[[Item], int],
        kind: Callable[[Item], Hashable] = lambda item: None,
    ) -> list[Answer]:
        """Do the work on a share of the items in each worker.

        Args:
            work: takes a share of the items and gives an answer for each of them.
            size: how much work an item is, so that the shares are alike.
            kind: only items of one kind are in a share.

        Returns:
            The answers in the order of the items.

        Raises:
            Exception: what the work raised, once all workers are done.
        """
        kinds = defaultdict(list)
        for index in sorted(range(len(items)), key=lambda i: size(items[i]), reverse=True):
            kinds[kind(items[index])].append(index)
        dealt = [
            alike[first :: self.count] for alike in kinds.values() for first in range(self.count)
        ]
        shares = [share for share in dealt if share]
        done = [self._pool.submit(work, [items[i] for i in share]) for share in shares]
        wait(done)  # for no longer than a leaf's batch may take, which has a deadline
        answers = {}
        for share, future in zip(shares, done, strict=True):
            answers.update(zip(share, future.result(), strict=True))
        return [answers[index] for index in range(len(items))]
