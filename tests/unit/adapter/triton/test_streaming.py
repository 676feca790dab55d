"""What a piece of work hears arrives in order, once, and closing it ends the work."""

import asyncio

import pytest

from adapter.triton.streaming import OnSegment, partial_transcripts
from documents import Segment, Transcript
from pipeline.errors import Overloaded


def part(start: float) -> Transcript:
    segment = Segment(start=start, end=start + 1, text=f"at {start:g}")
    return Transcript(model="base", language_probability=1.0, duration=9.0, segments=[segment])


async def texts(work) -> list[str]:
    return [heard.segments[0].text async for heard in partial_transcripts(work)]


def test_what_is_heard_again_after_a_death_is_not_told_again():
    async def work(on_segment: OnSegment) -> None:
        for start in (0, 2, 0, 2, 4):
            on_segment(part(start))

    assert asyncio.run(texts(work)) == ["at 0", "at 2", "at 4"]


def test_a_failure_comes_after_what_was_heard_before():
    async def work(on_segment: OnSegment) -> None:
        on_segment(part(0))
        raise Overloaded("too much")

    async def run() -> str:
        told = partial_transcripts(work)
        first = await anext(told)
        with pytest.raises(Overloaded, match="too much"):
            await anext(told)
        return first.segments[0].text

    assert asyncio.run(run()) == "at 0"


def test_closing_it_ends_the_work():
    ended = []

    async def work(on_segment: OnSegment) -> None:
        on_segment(part(0))
        try:
            await asyncio.sleep(600)
        finally:
            ended.append(True)

    async def run() -> None:
        told = partial_transcripts(work)
        assert (await anext(told)).segments[0].text == "at 0"
        await told.aclose()
        assert ended == [True]

    asyncio.run(run())
