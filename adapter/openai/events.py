"""A transcript as server-sent events, while it is being made."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from adapter.formats.transcripts import as_text
from adapter.openai.errors import describe
from adapter.openai.formats import diarized_segments
from adapter.openai.parameters import Parameters
from adapter.openai.speakers import with_letters
from adapter.telemetry.record import current
from documents import Segment, Transcript

Json = dict[str, object]

HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}  # the second one is for nginx

logger = logging.getLogger(__name__)


async def server_sent_events(
    parts: AsyncIterator[Transcript], parameters: Parameters
) -> AsyncIterator[str]:
    """The events of one answer, each as the text that is sent.

    A failure before the first of them is raised: it still has a status of its
    own.  Any later one is the last event.
    """
    begun = False
    try:
        async with contextlib.aclosing(parts):
            async for event in _events(parts, parameters):
                yield _encode(event)
                begun = True
                await asyncio.sleep(0)  # a whole transcript's are there at once, thousands of them
    except Exception as failure:
        if not begun:
            raise
        logger.warning("a stream ended early: %s", failure)
        current().fail()
        yield _encode({"type": "error", **describe(failure)})


async def _events(parts: AsyncIterator[Transcript], parameters: Parameters) -> AsyncIterator[Json]:
    text: list[str] = []
    before: list[Segment] = []
    async for part in parts:
        text.append(_delta(before, part))
        before = part.segments[-1:]
        if parameters.options.diarize:
            for segment in diarized_segments(with_letters(part, parameters.names)):
                yield segment
        else:
            yield {"type": "transcript.text.delta", "delta": text[-1]}
    yield {"type": "transcript.text.done", "text": "".join(text)}


def _delta(before: list[Segment], part: Transcript) -> str:
    """What the part adds to a text that ends with the segment before, a space between included."""
    joined = part.model_copy(update={"segments": [*before, *part.segments]})
    return as_text(joined)[len(as_text(part.model_copy(update={"segments": before}))) :]


def _encode(event: Json) -> str:
    return f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n"


class EventStream(StreamingResponse):
    """Events of which the first is there; lets go of all that they hold, however it ends."""

    def __init__(
        self, first: str, others: AsyncIterator[str], held: contextlib.AsyncExitStack
    ) -> None:
        self._held = held
        super().__init__(_after(first, others), headers=HEADERS, media_type="text/event-stream")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them."""
        async with self._held:
            await super().__call__(scope, receive, send)


async def _after(first: str, others: AsyncIterator[str]) -> AsyncIterator[str]:
    yield first
    async for event in others:
        yield event
