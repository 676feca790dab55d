"""Whether the service works, and what it is."""

from importlib.metadata import version

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from adapter.errors import RETRY_AFTER
from adapter.failures import Unreachable
from adapter.formats import Json
from adapter.service import Service

router = APIRouter(tags=["service"])

NAME = "triton-asr"
VERSION = version(NAME)


@router.get(
    "/health",
    summary="Is everything ready?",
    responses={503: {"description": "Triton or a model is not ready"}},
)
async def health(request: Request) -> JSONResponse:
    """200 when Triton and every model are ready and alive, else 503 with what is missing."""
    service: Service = request.app.state.service
    settings = service.settings
    shape: Json = {
        "status": "healthy",
        "device": settings.torch_device,
        "loaded_models": [settings.default_model],
        "default_model": settings.default_model,
        "version": VERSION,
    }
    try:
        missing = await service.engine.missing()
    except Unreachable as failure:
        detail = str(failure)
    else:
        if not missing:
            return JSONResponse(shape)
        detail = f"missing: {missing}"
    shape |= {"status": "unhealthy", "loaded_models": [], "detail": detail}
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
