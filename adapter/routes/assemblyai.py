"""``/v2``: AssemblyAI's API, by which recordings are left here and their transcripts fetched."""

import asyncio
import json
import re

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from adapter.assemblyai import documentation
from adapter.assemblyai.answers import (
    as_deleted,
    as_item,
    as_matches,
    as_paragraphs,
    as_sentences,
    as_transcript,
)
from adapter.assemblyai.listing import page_details, read_wanted
from adapter.assemblyai.parameters import SECRET, TranscriptRequest, options_of, read_request
from adapter.errors import TooSlow
from adapter.formats.subtitles import WIDTH
from adapter.formats.transcripts import (
    BODIES,
    Json,
    as_json,
    as_srt,
    as_vtt,
    encoded,
    without_nan,
)
from adapter.intake.uploads import FORM_BYTES, drain
from adapter.jobs.jobs import Jobs
from adapter.jobs.outside import Refused
from adapter.jobs.records import COMPLETED, Job
from adapter.service import Service
from adapter.threads import in_thread
from adapter.waiting.places import client_of, owner_of
from documents import Transcript
from pipeline.errors import InvalidRequest, Overloaded

router = APIRouter(prefix="/v2", tags=["AssemblyAI"])

UPLOAD_URL = re.compile(r"https?://[^/?#]+(?:/[^?#]*)?/v2/upload/([0-9a-f-]{36})", re.IGNORECASE)
BODY_SECONDS = 60.0  # for the JSON of a request
CAPTION = (16, 1000)  # characters
FILES = {
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
    "txt": "text/plain",
    "tsv": "text/tab-separated-values",
    "json": "application/json",
}


def _url(request: Request, path: str) -> str:
    return f"{str(request.base_url).rstrip('/')}{path}"


@router.post("/upload", summary="Leave a recording", openapi_extra=documentation.UPLOAD)
async def upload(request: Request) -> Json:
    """The body is the file itself; the answer's ``upload_url`` is what a transcript is asked of."""
    service: Service = request.app.state.service
    jobs: Jobs = request.app.state.jobs
    client = client_of(request)
    await jobs.make_room()
    try:
        place = service.uploads.take(client)
        with place:
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
    asked = read_request(await _json(request))
    options = options_of(asked, service.settings)
    owner = owner_of(request)
    recording = await _upload_of(asked, jobs, owner)
    webhook = await _webhook_of(asked, jobs)
    body = asked.model_dump(exclude_none=True, mode="json", exclude={SECRET})
    parameters = json.dumps(options.to_parameters())
    job = await jobs.add(owner, body, parameters, recording, webhook)
    return _answer(as_transcript(job, None))


async def _json(request: Request) -> object:
    content = bytearray()

    async def read() -> None:
        async for block in request.stream():
            content.extend(block)
            if len(content) > FORM_BYTES:
                raise InvalidRequest(f"the body: it is larger than {FORM_BYTES >> 20} MB")

    reading = asyncio.ensure_future(read())
    try:
        await asyncio.wait({reading}, timeout=BODY_SECONDS)
        if not reading.done():
            raise TooSlow(f"the body: it was not there within {BODY_SECONDS:g} seconds")
        reading.result()
    finally:
        reading.cancel()
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
    if asked.webhook_url is None:
        return None
    try:
        await jobs.outside.check(asked.webhook_url)
    except Refused as refusal:
        raise InvalidRequest(f"webhook_url: {refusal}") from None
    return {"url": asked.webhook_url, "headers": asked.webhook_headers()}


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
    found, transcript = await _find(request, job)
    shape = await in_thread(as_transcript, found, transcript)
    if progress := await jobs.progress(found):
        shape["progress"] = progress
    return _answer(shape)


@router.delete("/transcript/{job}", summary="Delete a job", openapi_extra=documentation.READ)
async def delete(request: Request, job: str) -> Response:
    """Its recording and its transcript go at once; one that waits or is worked on is given up."""
    jobs: Jobs = request.app.state.jobs
    gone = await jobs.delete(job, owner_of(request))
    if gone is None:
        raise _unknown(job)
    return _answer(as_deleted(gone))


@router.get(
    "/transcript/{job}/sentences", summary="Its sentences", openapi_extra=documentation.PARTS
)
async def sentences(request: Request, job: str) -> Response:
    """The transcript, cut into sentences."""
    return _answer(await in_thread(as_sentences, *await _completed(request, job)))


@router.get(
    "/transcript/{job}/paragraphs", summary="Its paragraphs", openapi_extra=documentation.PARTS
)
async def paragraphs(request: Request, job: str) -> Response:
    """The transcript, cut where the speaker changes, pauses, or has said some sentences."""
    return _answer(await in_thread(as_paragraphs, *await _completed(request, job)))


@router.get(
    "/transcript/{job}/word-search",
    summary="Where words are said",
    openapi_extra=documentation.SEARCH,
)
async def word_search(request: Request, job: str) -> Response:
    """``words`` are words and phrases, separated by commas."""
    wanted = [word.strip() for word in request.query_params.get("words", "").split(",")]
    wanted = [word for word in wanted if word]
    if not wanted:
        raise InvalidRequest("words: give words to look for, separated by commas")
    return _answer(await in_thread(as_matches, *await _completed(request, job), wanted))


@router.get(
    "/transcript/{job}/{kind}",
    summary="It as a file: srt, vtt, txt, tsv or json",
    response_class=Response,
    openapi_extra=documentation.FILES,
)
async def as_file(request: Request, job: str, kind: str) -> Response:
    """As ``/asr`` writes it; ``chars_per_caption`` bounds what subtitles show at once."""
    if kind not in FILES:
        raise HTTPException(404, f"a transcript has no {kind[:40]!r}; it has {', '.join(FILES)}")
    characters = request.query_params.get("chars_per_caption")
    width = WIDTH if characters is None else _width(characters)
    _, transcript = await _completed(request, job)
    if kind == "json":
        return _answer(await in_thread(as_json, transcript))
    text = await in_thread(_written, transcript, kind, width)
    return Response(text, media_type=f"{FILES[kind]}; charset=utf-8")


def _written(transcript: Transcript, kind: str, width: int) -> str:
    if kind in ("srt", "vtt"):
        return (as_srt if kind == "srt" else as_vtt)(transcript, width)
    return BODIES["text" if kind == "txt" else kind](transcript)


def _width(characters: str) -> int:
    """Columns of a line, of which a caption has two."""
    least, most = CAPTION
    if not characters.isdecimal() or not least <= int(characters) <= most:
        raise InvalidRequest(
            f"chars_per_caption: {characters[:20]!r} cannot be used, give a whole number from "
            f"{least} to {most}"
        )
    return int(characters) // 2


async def _find(request: Request, job: str) -> tuple[Job, Transcript | None]:
    jobs: Jobs = request.app.state.jobs
    found, transcript = await jobs.find(job, owner_of(request))
    if found is None:
        raise _unknown(job)
    return found, transcript


async def _completed(request: Request, job: str) -> tuple[Job, Transcript]:
    found, transcript = await _find(request, job)
    if found.status != COMPLETED or transcript is None:
        raise InvalidRequest(f"this transcript has no text: its status is {found.status}")
    return found, transcript


def _unknown(job: str) -> HTTPException:
    return HTTPException(404, f"there is no transcript {job[:40]!r}")


def _answer(shape: Json) -> Response:
    return Response(encoded(without_nan(shape)), media_type="application/json")
