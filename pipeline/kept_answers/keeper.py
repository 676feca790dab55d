"""Looks up what is kept, and keeps what is answered, for the process of one step.

SQLAlchemy takes a third of a second and 30 MB: it is imported by a process that needs it, beside
what else it does.  Whatever goes wrong is as if nothing had been kept.
"""

from __future__ import annotations

import contextlib
import logging
import math
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.kept_answers.question import FILE, Kept, Question
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.kept_answers.store import AnswerStore

Call = Callable[[], object]
FOUND, JOINED, ASKED = OUTCOMES = ("found", "joined", "asked")  # where an answer comes from

OPEN_SECONDS = 10.0  # that the first question waits for the file to be opened
MOST_WAITING = 256  # answers that are still to be written; more are not kept
BATCH = 64
FORGET_SECONDS = 60.0  # between looks for what is too old
LOCKED = "database is locked"  # by others, for longer than a write may take
MENDING_PAUSE = 5.0  # seconds after a failure, before a new file is begun

logger = logging.getLogger(__name__)


class Keeper:
    """Of one process; its file is that of all steps of this machine."""

    def __init__(self) -> None:
        self._settings: Settings | None = None
        self._store: AnswerStore | None = None
        self._opened = threading.Event()
        self._starting = threading.Lock()
        self._under_way: dict[bytes, Future] = {}
        self._sharing = threading.Lock()
        self._thread: threading.Thread | None = None
        self._answers: queue.Queue[Kept] = queue.Queue(MOST_WAITING)
        self._unwritten: dict[bytes, Kept] = {}  # those of the queue, and of the batch after it
        self._broken = self._ruined = False
        self._failed = -math.inf  # when it did last
        self.tell: Callable[[str], None] = lambda outcome: None  # of each question, of OUTCOMES

    def configure(self, settings: Settings) -> None:
        """Keep answers as the settings say; where they say for no time, what is kept is deleted."""
        self._settings = settings if settings.keep_answers_seconds else None
        if self._settings is None:
            _remove(settings.answers_folder)

    @property
    def keeps(self) -> bool:
        """Whether answers are kept at all."""
        return self._settings is not None

    def start(self) -> None:
        """Open the file in a thread of its own, which then writes and forgets."""
        with self._starting:
            if self._settings is not None and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="answers", daemon=True)
                self._thread.start()

    def answer(
        self, question: Question, call: Callable[[], object], send: Callable[[Call], Future]
    ) -> Future:
        """The answer to a question: kept, about to come for somebody who may have left, or asked.

        Args:
            question: that ``call`` asks.
            call: asks a leaf.
            send: has a call made when it is its turn.
        """
        key = question.key()

        def ask_and_keep() -> object:
            answer = call()
            self.keep(question, key, answer)
            return answer

        # What has ended by now is kept by now: so it is looked up afterwards.
        with self._sharing:
            earlier = self._under_way.get(key)
        # What still waits for its turn is another recording's, whose turn may be long in coming.
        if earlier is not None and earlier.running():
            self.tell(JOINED)
            return _shared(earlier, question, lambda: send(ask_and_keep))
        if (kept := self.look_up(question, key)) is not None:
            there: Future = Future()
            there.set_result(kept)
            self.tell(FOUND)
            return there
        self.tell(ASKED)
        sent = send(ask_and_keep)
        with self._sharing:
            self._under_way[key] = sent
        sent.add_done_callback(lambda done: self._arrived(key, done))
        return sent

    def _arrived(self, key: bytes, sent: Future) -> None:
        with self._sharing:
            if self._under_way.get(key) is sent:
                del self._under_way[key]

    def look_up(self, question: Question, key: bytes) -> object | None:
        """The answer to a question, if it is kept."""
        found = None
        if (unwritten := self._unwritten.get(key)) is not None:
            return question.codec.unpack(*unwritten[1:])
        if (store := self._opened_store()) is not None and not self._broken:
            try:
                if (kept := store.get(key)) is not None:
                    found = question.codec.unpack(*kept)
            except Exception as failure:
                self._tell(failure)
        return found

    def keep(self, question: Question, key: bytes, answer: object) -> None:
        """Keep an answer, in a moment, unless too many wait for that."""
        kept = Kept(key, *question.codec.pack(answer))
        self._unwritten[key] = kept
        try:
            self._answers.put_nowait(kept)
        except queue.Full:
            self._forget([kept])

    def _forget(self, batch: list[Kept]) -> None:
        for kept in batch:
            if self._unwritten.get(kept.key) is kept:
                self._unwritten.pop(kept.key, None)

    def _opened_store(self) -> AnswerStore | None:
        if self._settings is None:
            return None
        self.start()
        self._opened.wait(OPEN_SECONDS)
        return self._store

    def _tell(self, failure: Exception) -> None:
        if not self._broken:
            reason = str(failure).partition("\n")[0]
            logger.warning("answers are not kept for now: %s: %s", type(failure).__name__, reason)
        self._broken, self._failed = True, time.monotonic()
        self._ruined |= LOCKED not in str(failure)

    def _run(self) -> None:
        self._attempt(self._open)
        self._opened.set()
        forgot = time.monotonic()
        self._attempt(lambda: self._store.forget_old())
        while True:
            batch = self._next_batch()
            if self._broken and time.monotonic() - self._failed >= MENDING_PAUSE:
                self._attempt(self._mend)
            if batch and not self._broken:
                self._attempt(lambda batch=batch: self._store.put(batch))
            self._forget(batch)
            if self._broken:
                continue
            if time.monotonic() - forgot >= self._forget_seconds:
                forgot = time.monotonic()
                self._attempt(lambda: self._store.forget_old())

    def _attempt(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as failure:
            self._tell(failure)

    def _open(self) -> None:
        from pipeline.kept_answers.store import AnswerStore

        settings = self._settings
        self._store = AnswerStore(
            settings.answers_folder,
            settings.keep_answers_seconds,
            settings.keep_answers_mb,
            settings.min_free_cache_mb,
        )

    def _mend(self) -> None:
        if self._store is not None:
            self._store.close()
        if self._ruined:
            _remove(self._settings.answers_folder)
        self._open()
        self._broken = self._ruined = False

    @property
    def _forget_seconds(self) -> float:
        return min(self._settings.keep_answers_seconds / 4, FORGET_SECONDS)

    def _next_batch(self) -> list[Kept]:
        batch = []
        with contextlib.suppress(queue.Empty):
            batch.append(self._answers.get(timeout=self._forget_seconds))
            while len(batch) < BATCH:
                batch.append(self._answers.get_nowait())
        return batch


def _shared(earlier: Future, question: Question, ask: Callable[[], Future]) -> Future:
    """A copy of the answer that is under way for another request; asked for, if that fails."""
    mine: Future = Future()

    def arrive(done: Future) -> None:
        if not done.cancelled() and done.exception() is None:
            mine.set_result(question.codec.unpack(*question.codec.pack(done.result())))
        elif done is earlier:
            ask().add_done_callback(arrive)
        elif done.cancelled():
            mine.cancel()
        else:
            mine.set_exception(done.exception())

    earlier.add_done_callback(arrive)
    return mine


def _remove(folder: Path) -> None:
    for path in folder.glob(f"{FILE}*"):
        with contextlib.suppress(OSError):
            path.unlink()


KEEPER = Keeper()  # a process is one step
