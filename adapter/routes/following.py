"""How far a request or a job is: once, or as server-sent events until it ends."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response
from starlette.responses import StreamingResponse

from adapter.assemblyai import documentation
from adapter.formats.transcripts import Json
from adapter.jobs.jobs import Jobs
from adapter.openai.events import HEADERS
from adapter.service import Service
from adapter.waiting.places import client_of, owner_of

router = APIRouter(tags=["progress"])

LOOK_SECONDS = 1.0  # between two looks for one who follows
ALIVE_SECONDS = 15.0  # after which something is sent in any case: proxies close what is silent
END, PROGRESS = "end", "progress"  # events

# What there is to tell now, and whether it is the last.
Look = Callable[[], Awaitable[tuple[Json, bool]]]


@router.get(
    "/progress/{request_id}", summary="How far is a request?", openapi_extra=documentation.PROGRESS
)
async def of_request(request: Request, request_id: str) -> Json:
    """Of one that is being worked on, by its X-Request-ID."""
    service: Service = request.app.state.service
    report = await service.in_flight.report(request_id, owner_of(request))
    if report is None:
        raise _unknown(request_id)
    return report


@router.get(
    "/progress/{request_id}/events",
    summary="Follow a request",
    response_class=Response,
    openapi_extra=documentation.FOLLOW,
)
async def follow_request(request: Request, request_id: str) -> Response:
    """As server-sent events: ``progress`` until there is an ``end``."""
    service: Service = request.app.state.service
    owner = owner_of(request)
    if await service.in_flight.report(request_id, owner) is None:
        raise _unknown(request_id)

    async def look() -> tuple[Json, bool]:
        report = await service.in_flight.report(request_id, owner)
        return report or {"request_id": request_id}, report is None

    return _following(request, look)


@router.get(
    "/v2/transcript/{job}/events",
    summary="Follow a job",
    response_class=Response,
    openapi_extra=documentation.FOLLOW_JOB,
)
async def follow_job(request: Request, job: str) -> Response:
    """As server-sent events: ``progress`` until there is an ``end`` with the job's status."""
    jobs: Jobs = request.app.state.jobs
    owner = owner_of(request)
    if await jobs.state(job, owner) is None:
        raise HTTPException(404, f"there is no transcript {job[:40]!r}")

    async def look() -> tuple[Json, bool]:
        found = await jobs.state(job, owner)
        if found is None:
            return {"id": job, "status": "deleted"}, True
        shape: Json = {"id": job, "status": found.status}
        if found.error:
            shape["error"] = found.error
        return {**shape, **(await jobs.progress(found) or {})}, found.has_ended

    return _following(request, look)


def _unknown(request_id: str) -> HTTPException:
    return HTTPException(404, f"there is no request {request_id[:64]!r} in flight")


def _following(request: Request, look: Look) -> Response:
    service: Service = request.app.state.service
    held = contextlib.ExitStack()
    held.enter_context(service.followers.take(client_of(request)))
    return _Events(_events(look), held)


class _Events(StreamingResponse):
    """Lets go of its place however it ends."""

    def __init__(self, events: AsyncIterator[str], held: contextlib.ExitStack) -> None:
        self._held = held
        super().__init__(events, headers=HEADERS, media_type="text/event-stream")

    async def __call__(self, *arguments: object) -> None:
        """Send them."""
        with self._held:
            await super().__call__(*arguments)


async def _events(look: Look) -> AsyncIterator[str]:
    last: Json | None = None
    sent = time.monotonic()
    while True:
        told, is_end = await look()
        if is_end or told != last:
            data = json.dumps(told, ensure_ascii=False)
            yield f"event: {END if is_end else PROGRESS}\ndata: {data}\n\n"
            last, sent = told, time.monotonic()
        elif time.monotonic() - sent >= ALIVE_SECONDS:
            yield ": still there\n\n"
            sent = time.monotonic()
        if is_end:
            return
        await asyncio.sleep(LOOK_SECONDS)
