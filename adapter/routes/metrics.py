"""``GET /metrics``: the adapter's numbers for Prometheus; Triton has a page of its own."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST

PATH = "/metrics"

router = APIRouter(include_in_schema=False)  # for programs that know its format


@router.get(PATH)
def metrics(request: Request) -> Response:
    """All of them; a plain function, as it may have to wait for a disk."""
    return Response(request.app.state.metrics.page(), media_type=CONTENT_TYPE_LATEST)
