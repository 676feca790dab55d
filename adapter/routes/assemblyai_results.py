"""What has become of a job, below ``/v2``: its transcript in parts, and as files."""

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from adapter.assemblyai import documentation
from adapter.assemblyai.answers import as_matches, as_paragraphs, as_sentences
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
from adapter.jobs.jobs import Jobs
from adapter.jobs.records import COMPLETED, Job
from adapter.threads import in_thread
from adapter.waiting.places import owner_of
from documents import Transcript
from pipeline.errors import InvalidRequest

router = APIRouter(prefix="/v2", tags=["AssemblyAI"])

CAPTION = (16, 1000)  # characters
FILES = {
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
    "txt": "text/plain",
    "tsv": "text/tab-separated-values",
    "json": "application/json",
}


@router.get(
    "/transcript/{job}/sentences", summary="Its sentences", openapi_extra=documentation.PARTS
)
async def sentences(request: Request, job: str) -> Response:
    """The transcript, cut into sentences."""
    return answer(await in_thread(as_sentences, *await _completed(request, job)))


@router.get(
    "/transcript/{job}/paragraphs", summary="Its paragraphs", openapi_extra=documentation.PARTS
)
async def paragraphs(request: Request, job: str) -> Response:
    """The transcript, cut where the speaker changes, pauses, or has said some sentences."""
    return answer(await in_thread(as_paragraphs, *await _completed(request, job)))


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
    return answer(await in_thread(as_matches, *await _completed(request, job), wanted))


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
        return answer(await in_thread(as_json, transcript))
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


async def find(request: Request, job: str) -> tuple[Job, Transcript | None]:
    """This owner's job, and its transcript if it has one.

    Raises:
        HTTPException: 404, there is no such job.
    """
    jobs: Jobs = request.app.state.jobs
    found, transcript = await jobs.find(job, owner_of(request))
    if found is None:
        raise unknown(job)
    return found, transcript


async def _completed(request: Request, job: str) -> tuple[Job, Transcript]:
    found, transcript = await find(request, job)
    if found.status != COMPLETED or transcript is None:
        raise InvalidRequest(f"this transcript has no text: its status is {found.status}")
    return found, transcript


def unknown(job: str) -> HTTPException:
    """What somebody is told who asks for a job that is not there, or not his."""
    return HTTPException(404, f"there is no transcript {job[:40]!r}")


def answer(shape: Json) -> Response:
    """JSON, and no number in it that is none."""
    return Response(encoded(without_nan(shape)), media_type="application/json")
