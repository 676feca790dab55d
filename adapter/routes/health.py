"""Whether the service works, and what it is."""

from importlib.metadata import version

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from adapter.asr.answers import HEALTH
from adapter.errors import RETRY_AFTER
from adapter.formats.transcripts import Json
from adapter.triton.failures import Unreachable

router = APIRouter(tags=["service"])

NAME = "triton-asr"
VERSION = version(NAME)


@router.get(
    "/health",
    summary="Is everything ready?",
    responses=HEALTH,
)
async def health(request: Request) -> JSONResponse:
    """200 when Triton and every model are ready and alive, else 503 with what is missing."""
    engine = request.app.state.service.engine
    try:
        missing = await engine.missing()
        if not missing:
            about = await engine.describe()
            return JSONResponse({"status": "healthy", **about, "version": VERSION})
        detail = f"missing: {missing}"
    except Unreachable as failure:
        detail = str(failure)
    shape = {"status": "unhealthy", "detail": detail, "loaded_models": [], "version": VERSION}
    return JSONResponse(shape, 503, {"Retry-After": str(RETRY_AFTER)})


@router.get("/", summary="What is this?")
async def identify() -> Json:
    """The service's name, version and where to go from here."""
    return {
        "service": NAME,
        "version": VERSION,
        "transcribe": "POST /asr",
        "health": "/health",
        "documentation": "/docs",
    }
