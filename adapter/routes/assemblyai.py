"""``/v2``: AssemblyAI's API, by which recordings are left here and their transcripts fetched."""

import json
import re

from fastapi import APIRouter, Request
from fastapi.responses import Response

from adapter.assemblyai import documentation
from adapter.assemblyai.answers import as_deleted, as_item, as_transcript
from adapter.assemblyai.listing import page_details, read_wanted
from adapter.assemblyai.parameters import SECRET, TranscriptRequest, options_of, read_request
from adapter.errors import TooSlow
from adapter.formats.transcripts import Json
from adapter.intake.uploads import FORM_BYTES, drain
from adapter.jobs.jobs import Jobs
from adapter.jobs.outside import Refused
from adapter.routes.assemblyai_results import answer, find, unknown
from adapter.service import Service
from adapter.telemetry.record import UPLOAD, current
from adapter.threads import in_thread
from adapter.waiting.bounded import NotInTime, within
from adapter.waiting.places import client_of, owner_of
from pipeline.errors import InvalidRequest, Overloaded

router = APIRouter(prefix="/v2", tags=["AssemblyAI"])

UPLOAD_URL = re.compile(r"https?://[^/?#]+(?:/[^?#]*)?/v2/upload/([0-9a-f-]{36})", re.IGNORECASE)
BODY_SECONDS = 60.0  # for the JSON of a request


def _url(request: Request, path: str) -> str:
    return f"{str(request.base_url).rstrip('/')}{path}"


@router.post("/upload", summary="Leave a recording", openapi_extra=documentation.UPLOAD)
async def upload(request: Request) -> Json:
    """The body is the file itself; the answer's ``upload_url`` is what a transcript is asked of."""
    service: Service = request.app.state.service
    jobs: Jobs = request.app.state.jobs
    client = client_of(request)
    current().trace()
    await jobs.make_room()
    try:
        place = service.uploads.take(client)
        with place, current().part(UPLOAD):
            name, size = await jobs.recordings.receive(request)
    except Overloaded:
        await drain(request)
        raise
    try:
        await jobs.add_upload(name, owner_of(request), size)
    except BaseException:
        await in_thread(jobs.recordings.remove, [name])
        raise
    return {"upload_url": _url(request, f"/v2/upload/{name}")}


@router.post(
    "/transcript", summary="Have a recording transcribed", openapi_extra=documentation.CREATE
)
async def create(request: Request) -> Response:
    """Answers at once; the transcript is fetched by its id."""
    service: Service = request.app.state.service
    jobs: Jobs = request.app.state.jobs
    current().trace()
    asked = read_request(await _json(request))
    # What is worked on later, by whichever adapter, is a part of the trace of who asked for it.
    whose = {"traceparent": current().span.traceparent}
    options = options_of(asked, service.settings).model_copy(update=whose)
    owner = owner_of(request)
    recording = await _upload_of(asked, jobs, owner)
    webhook = await _webhook_of(asked, jobs)
    body = asked.model_dump(exclude_none=True, mode="json", exclude={SECRET})
    parameters = json.dumps(options.to_parameters())
    job = await jobs.add(owner, body, parameters, recording, webhook)
    return answer(as_transcript(job, None))


async def _json(request: Request) -> object:
    content = bytearray()

    async def read() -> None:
        async for block in request.stream():
            content.extend(block)
            if len(content) > FORM_BYTES:
                raise InvalidRequest(f"the body: it is larger than {FORM_BYTES >> 20} MB")

    try:
        await within(BODY_SECONDS, read())
    except NotInTime:
        raise TooSlow(f"the body: it was not there within {BODY_SECONDS:g} seconds") from None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise InvalidRequest("the body: it is no JSON in UTF-8") from None


async def _upload_of(asked: TranscriptRequest, jobs: Jobs, owner: str) -> str | None:
    """The upload that the request names; None for a recording of another host."""
    ours = UPLOAD_URL.fullmatch(asked.audio_url)
    if ours and await jobs.has_upload(ours[1].lower(), owner):
        return ours[1].lower()
    if ours:
        raise InvalidRequest("audio_url: there is no such upload any more; send it to /v2/upload")
    try:
        await jobs.outside.check(asked.audio_url)
    except Refused as refusal:
        raise InvalidRequest(f"audio_url: {refusal}; or send it to /v2/upload") from None
    return None


async def _webhook_of(asked: TranscriptRequest, jobs: Jobs) -> Json | None:
    """Where the job's end is told, and what is sent with it."""
    headers = asked.webhook_headers()
    if asked.webhook_url is None:
        return None
    try:
        await jobs.outside.check(asked.webhook_url)
    except Refused as refusal:
        raise InvalidRequest(f"webhook_url: {refusal}") from None
    return {"url": asked.webhook_url, "headers": headers}


@router.get("/transcript", summary="The jobs, newest first", openapi_extra=documentation.LIST)
async def list_transcripts(request: Request) -> Json:
    """A page of them, with the URLs of the pages before and after it."""
    jobs: Jobs = request.app.state.jobs
    wanted = read_wanted(request.query_params)
    found, has_older, has_newer = await jobs.list(owner_of(request), wanted)
    base = _url(request, "/v2/transcript")
    return {
        "page_details": page_details(found, has_older, has_newer, base, request.query_params),
        "transcripts": [as_item(job, base) for job in found],
    }


@router.get(
    "/transcript/{job}", summary="A job and its transcript", openapi_extra=documentation.READ
)
async def read(request: Request, job: str) -> Response:
    """``status`` is queued, processing, completed or error."""
    jobs: Jobs = request.app.state.jobs
    found, transcript = await find(request, job)
    shape = await in_thread(as_transcript, found, transcript)
    if progress := await jobs.progress(found):
        shape["progress"] = progress
    return answer(shape)


@router.delete("/transcript/{job}", summary="Delete a job", openapi_extra=documentation.READ)
async def delete(request: Request, job: str) -> Response:
    """Its recording and its transcript go at once; one that waits or is worked on is given up."""
    jobs: Jobs = request.app.state.jobs
    gone = await jobs.delete(job, owner_of(request))
    if gone is None:
        raise unknown(job)
    return answer(as_deleted(gone))
