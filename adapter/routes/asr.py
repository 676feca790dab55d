"""``POST /asr``: Speakr's way to have a recording transcribed."""

import contextlib

from fastapi import APIRouter, Request

from adapter.documentation import ASR
from adapter.formats import Json, render
from adapter.parameters import read_parameters
from adapter.service import Service, unless_gone
from adapter.uploads import drain, receive_upload
from pipeline.errors import Overloaded

router = APIRouter(tags=["transcription"])


@router.post("/asr", summary="Transcribe a recording", openapi_extra=ASR)
async def transcribe(request: Request) -> Json:
    """Who said what, and when.

    Every parameter may come in the query or as a form field; the query wins.
    """
    service: Service = request.app.state.service
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(service.place())
        except Overloaded:
            await drain(request)
            raise
        async with receive_upload(request, service.settings) as upload:
            parameters = read_parameters(request.query_params, upload.fields, service.settings)
            work = service.transcribe(upload, parameters.options, parameters.document)
            transcript = await unless_gone(request, work)
    return render(transcript, parameters.output)
