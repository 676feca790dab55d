"""Whether the service works, and what it is."""

import asyncio
import time
from importlib.metadata import version

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from adapter.asr.answers import HEALTH
from adapter.errors import RETRY_AFTER
from adapter.formats.transcripts import Json
from adapter.routes.page import PATH, wants_page
from adapter.triton.engine import Engine
from adapter.triton.failures import Unreachable
from adapter.waiting.places import KEY

router = APIRouter(tags=["service"])

NAME = "triton-asr"
VERSION = version(NAME)
FRESH_SECONDS = 1.0  # Triton is asked once in this time, however many ask here


class Health:
    """What is known of Triton and its models, found out for all who ask at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._looking = asyncio.Lock()
        self._seen = -FRESH_SECONDS
        self._report: Json = {}

    async def report(self) -> Json:
        """``status``, ``loaded_models`` and what else there is to say, at most a second old."""
        async with self._looking:
            if time.monotonic() - self._seen >= FRESH_SECONDS:
                self._report = await self._look()
                self._seen = time.monotonic()
        return self._report

    async def _look(self) -> Json:
        try:
            missing, failing = await self._engine.missing(), await self._engine.failing()
            if not (missing or failing):
                return {"status": "healthy", **await self._engine.describe()}
            found = {"missing": missing, "failing at everything": failing}
            detail = "; ".join(f"{what}: {models}" for what, models in found.items() if models)
        except Unreachable as failure:
            detail = str(failure)
        return {"status": "unhealthy", "detail": detail, "loaded_models": []}


@router.get(
    "/health",
    summary="Is everything ready?",
    responses=HEALTH,
)
async def health(request: Request) -> JSONResponse:
    """200 when Triton and every model are ready and alive, else 503 with what is missing or fails.

    Where keys are needed, a request without one hears the status and nothing else.
    """
    report = await request.app.state.health.report()
    stranger = request.app.state.service.settings.api_key and not hasattr(request.state, KEY)
    shown = {"status": report["status"]} if stranger else {**report, "version": VERSION}
    if report["status"] == "healthy":
        return JSONResponse(shown)
    return JSONResponse(shown, 503, {"Retry-After": str(RETRY_AFTER)})


@router.get("/", summary="What is this?", response_model=Json)
async def identify(request: Request) -> Response:
    """The service's name, version and where to go from here; browsers are led to the page."""
    vary = {"Vary": "Accept"}
    if wants_page(request):
        # Relative, so that it holds behind a proxy that adds to the path.
        return RedirectResponse(PATH.removeprefix("/"), 307, vary)
    return JSONResponse(
        {
            "service": NAME,
            "version": VERSION,
            "page": PATH,
            "transcribe": "POST /asr",
            "health": "/health",
            "documentation": "/docs",
        },
        headers=vary,
    )
