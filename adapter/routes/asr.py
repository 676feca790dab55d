"""``/asr`` and ``/detect-language``: what Speakr and clients of its other services call."""

import dataclasses
from itertools import chain

from fastapi import APIRouter, Request
from fastapi.responses import Response

from adapter.asr.dialects import respond
from adapter.asr.documentation import ASR, DETECT_LANGUAGE
from adapter.asr.parameters import read_parameters
from adapter.formats.transcripts import Json
from adapter.intake.pcm import as_pcm
from adapter.intake.references import pair
from adapter.intake.uploads import PARTS
from adapter.routes.receiving import received
from adapter.service import Service, unless_gone
from adapter.threads import in_thread
from pipeline.errors import InvalidRequest
from pipeline.languages import LANGUAGES

router = APIRouter(tags=["transcription"])

SPEAKER_NAME, SPEAKER_AUDIO = "speaker_name", "speaker_audio"


@router.post("/asr", summary="Transcribe a recording", response_class=Response, openapi_extra=ASR)
async def transcribe(request: Request) -> Response:
    """Who said what, and when.

    Every parameter may come in the query or as a form field; the query wins.
    """
    service: Service = request.app.state.service
    async with received(request, service, PARTS) as upload:
        parameters = read_parameters(
            request.query_params, upload.fields, service.settings, request.headers.get("accept")
        )
        named = request.query_params.getlist(SPEAKER_NAME), upload.fields.getlist(SPEAKER_NAME)
        names = [name.strip() for name in chain(*named) if name.strip()]
        diarizes, choice = parameters.options.diarize, parameters.choice
        references = pair(names, upload.clips, diarizes, choice, SPEAKER_AUDIO)
        upload = dataclasses.replace(upload, references=references, choice=choice)
        audio = as_pcm(upload) if parameters.pcm else upload
        work = service.transcribe(audio, parameters.options, parameters.document)
        transcript = await unless_gone(request, work)
        return await in_thread(respond, transcript, parameters, upload.name)


@router.post("/detect-language", summary="Tell the language", openapi_extra=DETECT_LANGUAGE)
async def detect_language(request: Request) -> Json:
    """Which language is spoken in the first half minute of speech; nothing is transcribed."""
    service: Service = request.app.state.service
    async with received(request, service, PARTS) as upload:
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
