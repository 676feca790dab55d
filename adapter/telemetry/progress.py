"""How far a request or a job is: asked of the graph when somebody looks, and not before.

Whoever looks has to have the key that it was sent with.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

from adapter.telemetry.record import ALIGNMENT, DIARIZATION, TRANSCRIPTION, WAIT, Record
from adapter.triton.engine import Engine

Json = dict[str, object]

FRESH_SECONDS = 0.5  # the graph is asked once in this time, however many look
LEAST_PART = 0.02  # of a recording, before which nobody can tell when it will be done


class Watched:
    """A request that can be looked at."""

    def __init__(self, record: Record, engine: Engine) -> None:
        self._record = record
        self._engine = engine
        self._reached: dict[str, float] = {}
        self._key: str | None = None  # of the attempt that this was reached in
        self._looking = asyncio.Lock()
        self._looked = -FRESH_SECONDS
        self._report: Json = {}

    async def report(self) -> Json:
        """``stage``, ``seconds_done`` of ``seconds``, and ``estimated_end``, as far as known."""
        async with self._looking:
            if time.monotonic() - self._looked >= FRESH_SECONDS:
                self._report = await self._look()
                self._looked = time.monotonic()
        return self._report

    async def _look(self) -> Json:
        work = self._record.at_work
        if work.key is None:
            return self._shape(work.now or WAIT, 0.0, None)
        if work.key != self._key:
            self._key, self._reached = work.key, {}
        steps = [TRANSCRIPTION, DIARIZATION] if work.diarize else [TRANSCRIPTION]
        told = await self._engine.reached(work.key, [*steps, ALIGNMENT])
        whole = self._record.duration or 0.0
        for step in steps:
            self._note(step, told[step], whole)
        if told[ALIGNMENT] is not None:
            self._reached[TRANSCRIPTION] = whole
        slowest = min(steps, key=lambda step: self._reached.get(step, 0.0))
        done = self._reached.get(slowest, 0.0)
        return self._shape(slowest if done < whole else ALIGNMENT, done, whole)

    def _note(self, step: str, reached: float | None, whole: float) -> None:
        if reached is not None:
            self._reached[step] = max(min(reached, whole), self._reached.get(step, 0.0))
        elif step in self._reached:  # it had the recording, and has it no more
            self._reached[step] = whole

    def _shape(self, stage: str, done: float, whole: float | None) -> Json:
        shape: Json = {"stage": stage, "seconds_done": round(done, 1)}
        if self._record.duration is not None:
            shape["seconds"] = round(self._record.duration, 1)
        if whole and done >= LEAST_PART * whole:
            begun = self._record.at_work.graph_begun
            left = (time.monotonic() - begun) * (whole - done) / done
            end = datetime.now(timezone.utc) + timedelta(seconds=left)
            shape["estimated_end"] = end.strftime("%Y-%m-%dT%H:%M:%SZ")
        return shape


class InFlight:
    """All that can be looked at, by its owner and its id."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._watched: dict[tuple[str, str], Watched] = {}

    @contextmanager
    def shown(self, record: Record, owner: str) -> Iterator[None]:
        """While this lasts, its owner may look at it; of two with one id, at the later one."""
        watched = Watched(record, self._engine)
        self._watched[owner, record.id] = watched
        try:
            yield
        finally:
            if self._watched.get((owner, record.id)) is watched:
                del self._watched[owner, record.id]

    async def report(self, request: str, owner: str) -> Json | None:
        """How far it is; None if this owner has no such request in flight here."""
        watched = self._watched.get((owner, request))
        return watched and await watched.report()
