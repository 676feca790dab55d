"""``/asr`` and ``/detect-language``: what Speakr and clients of its other services call."""

import contextlib
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import Response

from adapter.asr.dialects import respond
from adapter.asr.documentation import ASR, DETECT_LANGUAGE
from adapter.asr.parameters import read_parameters
from adapter.formats.transcripts import Json
from adapter.intake.pcm import as_pcm
from adapter.intake.uploads import Upload, drain, receive_upload
from adapter.service import Service, unless_gone
from adapter.threads import in_thread
from pipeline.errors import InvalidRequest, Overloaded
from pipeline.languages import LANGUAGES

router = APIRouter(tags=["transcription"])


@router.post("/asr", summary="Transcribe a recording", response_class=Response, openapi_extra=ASR)
async def transcribe(request: Request) -> Response:
    """Who said what, and when.

    Every parameter may come in the query or as a form field; the query wins.
    """
    service: Service = request.app.state.service
    async with _received(request, service) as upload:
        parameters = read_parameters(
            request.query_params, upload.fields, service.settings, request.headers.get("accept")
        )
        audio = as_pcm(upload) if parameters.pcm else upload
        work = service.transcribe(audio, parameters.options, parameters.document)
        transcript = await unless_gone(request, work)
        return await in_thread(respond, transcript, parameters, upload.name)


@router.post("/detect-language", summary="Tell the language", openapi_extra=DETECT_LANGUAGE)
async def detect_language(request: Request) -> Json:
    """Which language is spoken in the first half minute of speech; nothing is transcribed."""
    service: Service = request.app.state.service
    async with _received(request, service) as upload:
        parameters = read_parameters(request.query_params, upload.fields, service.settings)
        options = parameters.options.model_copy(update={"detect_language": True})
        audio = as_pcm(upload) if parameters.pcm else upload
        heard = await unless_gone(request, service.transcribe(audio, options, "SEGMENTS"))
    if heard.language is None:
        raise InvalidRequest("audio_file: nobody speaks in it, so it has no language to detect")
    return {
        "detected_language": LANGUAGES.get(heard.language, heard.language),
        "language_code": heard.language,
        "confidence": round(heard.language_probability, 3),
    }


@contextlib.asynccontextmanager
async def _received(request: Request, service: Service) -> AsyncIterator[Upload]:
    """The request's upload, and a place among the requests in flight."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(service.place())
        except Overloaded:
            await drain(request)
            raise
        async with receive_upload(request, service.settings) as upload:
            yield upload
