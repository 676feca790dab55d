"""Who looks at a request is told how far it is; the graph is asked no more than it has to be."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from adapter.telemetry import progress
from adapter.telemetry.progress import InFlight
from adapter.telemetry.record import Record

OWNER = "speakr"


class Graph:
    """What its steps say of how far a request is, and how often they were asked about which."""

    def __init__(self, **reached: float | None) -> None:
        self.told = {"transcription": None, "diarization": None, "alignment": None, **reached}
        self.asked: list[str] = []

    async def reached(self, key: str, steps: Sequence[str]) -> dict[str, float | None]:
        self.asked.append(key)
        return {step: self.told[step] for step in steps}


def record(name: str, key: str | None = None, duration: float = 60.0) -> Record:
    made = Record(name)
    made.duration = duration
    if key:
        made.begin_graph(key, diarize=True)
    return made


def run(use: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(use())


def test_the_graph_is_asked_when_somebody_looks_and_not_by_each_of_many():
    async def use() -> None:
        graph = Graph(transcription=30.0, diarization=12.0)
        in_flight = InFlight(graph)
        with in_flight.shown(record("mine", "key"), OWNER):
            await asyncio.sleep(0.01)
            assert graph.asked == []
            told = await asyncio.gather(*(in_flight.report("mine", OWNER) for _ in range(50)))
        assert graph.asked == ["key"]
        assert {(each["stage"], each["seconds_done"]) for each in told} == {("diarization", 12.0)}
        assert all(each["seconds"] == 60.0 and each["estimated_end"] for each in told)

    run(use)


def test_nobody_sees_what_another_has_sent_or_what_is_over():
    async def use() -> None:
        in_flight = InFlight(Graph())
        with in_flight.shown(record("mine", "key"), OWNER):
            assert await in_flight.report("mine", OWNER) is not None
            assert await in_flight.report("mine", "somebody else") is None
        assert await in_flight.report("mine", OWNER) is None

    run(use)


@pytest.fixture
def always_fresh(monkeypatch):
    monkeypatch.setattr(progress, "FRESH_SECONDS", 0.0)


@pytest.mark.usefixtures("always_fresh")
def test_whoever_joined_is_as_far_as_the_work_that_was_joined_and_then_as_his_own():
    async def use() -> None:
        graph = Graph(transcription=30.0, diarization=45.0)
        in_flight, mine, first = InFlight(graph), record("mine"), record("first", "of the first")
        with in_flight.shown(mine, OWNER):
            with mine.shared(first):
                told = await in_flight.report("mine", OWNER)
                assert (told["stage"], told["seconds_done"]) == ("transcription", 30.0)
            told = await in_flight.report("mine", OWNER)
            assert (told["stage"], told["seconds_done"]) == ("wait", 0.0)
            mine.begin_graph("of mine", diarize=True)  # the first one failed
            graph.told["transcription"] = 2.0
            told = await in_flight.report("mine", OWNER)
            assert (told["stage"], told["seconds_done"]) == ("transcription", 2.0)
        assert graph.asked == ["of the first", "of mine"]

    run(use)


@pytest.mark.usefixtures("always_fresh")
def test_what_has_left_a_step_is_done_with_it():
    async def use() -> None:
        graph = Graph(transcription=60.0, diarization=20.0)
        in_flight = InFlight(graph)
        with in_flight.shown(record("mine", "key"), OWNER):
            await in_flight.report("mine", OWNER)
            graph.told |= {"transcription": None, "diarization": None, "alignment": 0.0}
            told = await in_flight.report("mine", OWNER)
            assert (told["stage"], told["seconds_done"]) == ("alignment", 60.0)

    run(use)
